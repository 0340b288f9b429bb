import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { add, matMul, mul, neg, reshape, scalar, stack, sum, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad } from '../autodiff/value-and-grad.ts'
import { key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { batchInverse } from './batch-inverse.ts'
import { inverseAndLogDet } from './inverse.ts'
import { cayleyOf, reflectionsOf, rotationOf, skew } from './orthogonal.ts'
import { identityMatrix, solveTriangular } from './triangular.ts'

const s = suite('linear algebra')
s.before(() => useTestBackend('cpu'))

type Rows = number[][]
const rows = (x: Tensor): Rows => x.arraySync() as Rows
const flat = (x: Tensor): Float32Array => x.dataSync<'float32'>()

/** T x = y by substitution, in float64. */
const substituted = (t: Rows, y: ReadonlyArray<number>, upper: boolean): ReadonlyArray<number> => {
  const x = y.map(() => 0)
  const order = upper ? [...y.keys()].reverse() : [...y.keys()]
  for (const i of order)
    x[i] = (y[i]! - t[i]!.reduce((total, value, j) => ((upper ? j > i : j < i) ? total + value * x[j]! : total), 0)) / t[i]![i]!
  return x
}

;[1, 5, 16, 17, 40].forEach(dim =>
  [false, true].forEach(upper =>
    s.test(`solveTriangular, D = ${dim}${upper ? ', upper' : ''}: substitution; the other triangle is not read`, () =>
      tidy(() => {
        const t = add(mul(normal(key(dim), [dim, dim]), 0.3), mul(2, identityMatrix(dim)))
        const y = normal(key(7), [4, dim])
        const expected = rows(y).map(row => substituted(rows(t), row, upper))
        near(flat(solveTriangular(t, y, { upper })), expected.flat(), { atol: 2e-5, rtol: 2e-5 })
      }),
    ),
  ),
)

s.test('inverseAndLogDet finds pivots where the diagonal has none', () =>
  tidy(() => {
    const a = tensor2d([
      [0, 2, 0],
      [0, 1, 4],
      [0.5, 3, 1],
    ])
    const { inverse, logDet } = inverseAndLogDet(a)
    near(flat(matMul(a, inverse)), flat(identityMatrix(3)), { atol: 1e-6 })
    near(flat(logDet), [Math.log(4)], { atol: 1e-6 })
  }),
)

s.test('inverseAndLogDet keeps the digits of inverses that are small: those of a large number, and of matrices of large pivots', () =>
  tidy(() => {
    ;[-2239.7, 1e6, 3e-6].forEach(value => {
      const one = Math.fround(value)
      near(flat(inverseAndLogDet(tensor2d([[one]])).inverse), [1 / one], { rtol: 3e-7 })
    })
    const { inverse } = inverseAndLogDet(
      tensor2d([
        [4e4, 1e4],
        [-2e4, 3e4],
      ]),
    )
    near(flat(mul(inverse, 1.4e9)), [3e4, -1e4, 2e4, 4e4], { rtol: 1e-6 })
  }),
)

s.test('inverseAndLogDet of a larger matrix, and its derivatives: tr(A^-1 E), then -tr((A^-1 E)^2)', () =>
  tidy(() => {
    const dim = 20
    const a = normal(key(1), [dim, dim])
    const e = normal(key(2), [dim, dim])
    const { inverse } = inverseAndLogDet(a)
    near(flat(matMul(a, inverse)), flat(identityMatrix(dim)), { atol: 2e-4 })
    const f = ({ t }: { readonly t: Tensor }): Tensor => inverseAndLogDet(add(a, mul(t, e))).logDet
    const slope = grad(f)
    const product = rows(matMul(inverse, e))
    const trace = product.reduce((total, row, i) => total + row[i]!, 0)
    const square = product.reduce((total, row, i) => total + row.reduce((part, value, j) => part + value * product[j]![i]!, 0), 0)
    near(flat(slope({ t: scalar(0) }).t), [trace], { rtol: 1e-3, atol: 1e-3 })
    near(flat(grad((p: { readonly t: Tensor }) => sum(slope(p).t))({ t: scalar(0) }).t), [-square], { rtol: 1e-3, atol: 1e-3 })
  }),
)

s.test('inverses move by -A^-1 E A^-1, alone and in a batch', () =>
  tidy(() => {
    const dim = 4
    const [a, e, weights] = [1, 2, 3].map(seed => normal(key(seed), [dim, dim])) as [Tensor, Tensor, Tensor]
    const inverse = inverseAndLogDet(a).inverse
    const expected = flat(sum(mul(weights, neg(matMul(matMul(inverse, e), inverse)))))
    const alone = grad(({ t }: { readonly t: Tensor }) => sum(mul(weights, inverseAndLogDet(add(a, mul(t, e))).inverse)))
    near(flat(alone({ t: scalar(0) }).t), expected, { rtol: 1e-4 })
    const batched = grad(({ t }: { readonly t: Tensor }) =>
      sum(mul(weights, batchInverse(stack([add(a, mul(t, e)), identityMatrix(dim)])).inverse)),
    )
    near(flat(batched({ t: scalar(0) }).t), expected, { rtol: 1e-4 })
    const logs = batchInverse(reshape(a, [1, dim, dim])).logAbsDet
    near(flat(logs), flat(inverseAndLogDet(a).logDet), { atol: 1e-5 })
  }),
)

const plane = (angle: number): Tensor =>
  tensor2d([
    [0, 0],
    [angle, 0],
  ])

s.test('rotations of the plane: exp(S) turns by the entry of S, Cayley by -2 atan of it', () =>
  tidy(() =>
    [0, 0.3, -2, 3.1].forEach(angle => {
      const turned = (by: number): ReadonlyArray<number> => [Math.cos(by), -Math.sin(by), Math.sin(by), Math.cos(by)]
      near(flat(rotationOf(skew(plane(angle)))), turned(angle), { atol: 3e-6 })
      near(flat(cayleyOf(skew(plane(angle)))), turned(-2 * Math.atan(angle)), { atol: 1e-6 })
    }),
  ),
)

s.test('every rotation is orthogonal to rounding, however large S', () =>
  tidy(() =>
    [0.1, 1, 30].forEach(size => {
      const w = mul(normal(key(3), [24, 24]), size)
      ;[rotationOf(skew(w)), cayleyOf(skew(w)), reflectionsOf(w)].forEach(q =>
        near(flat(matMul(q, q, false, true)), flat(identityMatrix(24)), { atol: 3e-6 }),
      )
    }),
  ),
)

s.test('reflectionsOf is the product of its reflections; one along no vector is none', () =>
  tidy(() => {
    const vectors = [
      [1, 2, 3],
      [0, 0, 0],
      [-1, 0.5, 0],
    ]
    const of = (v: ReadonlyArray<number>): Rows => {
      const square = v.reduce((total, x) => total + x * x, 0)
      return v.map((a, i) => v.map((b, j) => (i === j ? 1 : 0) - (square === 0 ? 0 : (2 * a * b) / square)))
    }
    const product = vectors.map(v => tensor2d(of(v))).reduce((q, h) => matMul(q, h))
    near(flat(reflectionsOf(tensor2d(vectors))), flat(product), { atol: 1e-6 })
    const gradient = grad((p: { readonly v: Tensor }) =>
      sum(
        mul(
          reflectionsOf(p.v),
          tensor2d([
            [1, 2, 0],
            [0, 1, 0],
            [3, 0, 1],
          ]),
        ),
      ),
    )({ v: tensor2d(vectors) })
    ok(flat(gradient.v).every(Number.isFinite))
  }),
)
s.run()
