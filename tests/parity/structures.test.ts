import { affine, autoregressive, bijectors, build, buildBijector, elementwise, key, leakyTanh, made, triangularSpline } from '@diffeo/core'
import type { Bijector, ConjugateParams, Params } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { scalar, tensor1d, tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'

type Numbers = ReadonlyArray<number>
type Rows = ReadonlyArray<Numbers>
interface Planar {
  readonly w: Numbers
  readonly b: number
  /** The u that FlowJAX adds, after its constraint. */
  readonly actScale: Numbers
  readonly x: Rows
  readonly y: Rows
  readonly logDet: Numbers
}
interface TriangularSpline {
  readonly xKnots: Rows
  readonly yKnots: Rows
  readonly slopes: Rows
  readonly matrix: Rows
  readonly shift: Numbers
  readonly x: Rows
  readonly y: Rows
  readonly logDet: Numbers
  readonly inverse: Rows
  readonly inverseLogDet: Numbers
}
interface Autoregressive {
  readonly passes?: number
  readonly adjacency?: ReadonlyArray<ReadonlyArray<boolean>>
  readonly zukoPasses: number
  readonly layers: ReadonlyArray<{ readonly weight: Rows; readonly bias: Numbers; readonly mask: ReadonlyArray<string> }>
  readonly x: Rows
  readonly c?: Rows
  readonly y: Rows
  readonly logDet: Numbers
  readonly inverse: Rows
  readonly inverseLogDet: Numbers
}
const file = new URL('../fixtures/structures.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly planar: ReadonlyArray<Planar>
  readonly leakyTanh: { readonly maxVal: number; readonly x: Numbers; readonly y: Numbers; readonly logDet: Numbers }
  readonly triangularSpline: ReadonlyArray<TriangularSpline>
  readonly autoregressive: ReadonlyArray<Autoregressive>
}

const matrix = (rows: Rows): Tensor => tensor2d(rows.map(row => [...row]))
const transposed = (rows: Rows): Rows => rows[0]!.map((_, j) => rows.map(row => row[j]!))
const values = (x: Tensor): Float32Array => x.dataSync<'float32'>()
const tolerance = { atol: 1e-4, rtol: 1e-4 }
const dot = (a: Numbers, b: Numbers): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

const s = suite('structures of FlowJAX and zuko')
s.before(() => useTestBackend('cpu'))

/** The u that our constraint makes v of: v itself where w'v >= 0. */
const unconstrained = (w: Numbers, v: Numbers): Numbers => {
  const product = dot(w, v)
  if (product >= 0) return v
  const given = 0.99 * Math.log(1 + product / 0.99)
  return v.map((value, i) => value + ((given - product) * w[i]!) / dot(w, w))
}

fixture.planar.forEach(({ w, b, actScale, x, y, logDet }, i) =>
  s.test(`planar ${i}, w'u = ${dot(w, actScale).toFixed(2)}`, () =>
    tidy(() => {
      const bijector = bijectors.planar(w.length)
      const params = { w: tensor1d([...w]), u: tensor1d([...unconstrained(w, actScale)]), b: scalar(b) }
      const forward = bijector.forward(params, matrix(x))
      near(values(forward.y), y.flat(), { ...tolerance, what: 'y' })
      near(values(forward.logDet), logDet, { ...tolerance, what: 'logDet' })
      const inverse = bijector.inverse(params, matrix(y))
      near(values(inverse.x), x.flat(), { ...tolerance, what: 'x' })
      near(
        values(inverse.logDet),
        logDet.map(value => -value),
        { ...tolerance, what: 'logDet of the inverse' },
      )
    }),
  ),
)

s.test('leakyTanh', () =>
  tidy(() => {
    const { maxVal, x, y, logDet } = fixture.leakyTanh
    const bijector = buildBijector(elementwise(leakyTanh({ bound: maxVal })), { event: [1] })
    const params = bijector.init(key(0))
    const forward = bijector.forward(params, matrix(x.map(value => [value])))
    near(values(forward.y), y, { ...tolerance, what: 'y' })
    near(values(forward.logDet), logDet, { ...tolerance, what: 'logDet' })
    near(values(bijector.inverse(params, matrix(y.map(value => [value]))).x), x, { ...tolerance, what: 'x' })
  }),
)

/** The number whose soft clip is another. */
const unclipped = (value: number, limit: number): number => value / (1 - Math.abs(value) / limit)

/** The logits that a softmax makes the distances of knots of. */
const logits = (knots: Numbers): Numbers => {
  const logs = knots.slice(1).map((knot, i) => Math.log(knot - knots[i]!))
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  return logs.map(log => unclipped(log - mean, Math.log(1e3) / 2))
}

fixture.triangularSpline.forEach((expected, i) =>
  s.test(`triangularSpline ${i}`, () =>
    tidy(() => {
      const dim = expected.shift.length
      const bins = expected.xKnots[0]!.length - 1
      // data to base is the cheap direction of both
      const { bijector } = build(triangularSpline({ layers: 1, bins }), { event: [dim] })
      const [splines] = bijector.init(key(0)) as readonly [ConjugateParams]
      const theta = expected.slopes.map((slopes, d) => [
        ...logits(expected.xKnots[d]!),
        ...logits(expected.yKnots[d]!),
        ...slopes.slice(1, -1).map(slope => unclipped(Math.log(slope), Math.log(1e3))),
      ])
      const diagonal = expected.matrix.map((row, d) => unclipped(Math.log(row[d]!), Math.log(1e3)))
      const params = [
        { ...splines, inner: { theta: tensor3d([theta]), transformer: {} } },
        { logScale: tensor1d(diagonal), weight: matrix(expected.matrix), shift: tensor1d([...expected.shift]) },
      ]
      const there = bijector.inverse(params, matrix(expected.x))
      near(values(there.x), expected.y.flat(), { ...tolerance, what: 'y' })
      near(values(there.logDet), expected.logDet, { ...tolerance, what: 'logDet' })
      const back = bijector.forward(params, matrix(expected.x))
      near(values(back.y), expected.inverse.flat(), { ...tolerance, what: 'inverse' })
      near(values(back.logDet), expected.inverseLogDet, { ...tolerance, what: 'logDet of the inverse' })
    }),
  ),
)

/** Our tree of a masked network's weights: [in, out], the context's share of the first layer apart. */
const paramsOf = ({ layers, c }: Autoregressive, features: number): Params => {
  const maps = layers.map(({ weight, bias }, i) => {
    const w = transposed(weight)
    const b = tensor1d([...bias])
    return i === 0 && c !== undefined ? { w: matrix(w.slice(0, features)), v: matrix(w.slice(features)), b } : { w: matrix(w), b }
  })
  return { conditioner: { first: maps[0]!, hidden: maps.slice(1, -1).map(map => [map]), last: maps.at(-1)! }, transformer: {} }
}

fixture.autoregressive.forEach((expected, i) => {
  const { passes, adjacency, c, zukoPasses } = expected
  const features = expected.x[0]!.length
  const name = `autoregressive ${i}, ${adjacency ? 'on a graph' : 'in passes'}, ${zukoPasses} passes${c ? ', given a context' : ''}`
  s.test(name, () =>
    tidy(() => {
      const spec = autoregressive(made({ hidden: [16, 16], degrees: 'cyclic' }), affine(), {
        ...(passes !== undefined && { passes }),
        ...(adjacency !== undefined && { adjacency }),
      })
      const sizes = { event: [features], ...(c !== undefined && { context: [c[0]!.length] }) }
      const bijector: Bijector = buildBijector(spec, sizes)
      const params = paramsOf(expected, features)
      const context = c && matrix(c)
      const forward = bijector.forward(params, matrix(expected.x), context)
      near(values(forward.y), expected.y.flat(), { ...tolerance, what: 'y' })
      near(values(forward.logDet), expected.logDet, { ...tolerance, what: 'logDet' })
      const inverse = bijector.inverse(params, matrix(expected.x), context)
      near(values(inverse.x), expected.inverse.flat(), { ...tolerance, what: 'inverse' })
      near(values(inverse.logDet), expected.inverseLogDet, { ...tolerance, what: 'logDet of the inverse' })
    }),
  )
})
s.run()
