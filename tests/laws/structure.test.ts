import {
  actNorm,
  additive,
  affine,
  autoregressive,
  bijectors,
  build,
  chain,
  coupling,
  elementwise,
  flow,
  invert,
  key,
  leaves,
  made,
  mlp,
  permute,
  rationalQuadratic,
  repeat,
  reverse,
  standardNormal,
  tidy,
  twoSidedCoupling,
} from '@diffeo/core'
import type { Bijector, BijectorSpec, CouplingMask, Params, TransformerSpec } from '@diffeo/core'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { concat, moments, ones, tensor, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bitsOf, drawn, perturbed, rowsOf, values } from './draws.ts'
import { jacobians } from './jacobian.ts'

const built = (bijector: BijectorSpec, dim: number, context?: number): Bijector =>
  build(flow({ base: standardNormal(), bijector }), { event: [dim], ...(context !== undefined && { context: [context] }) }).bijector

const noisy = (b: Bijector): Params => perturbed(b.init(key(1)), 2, 0.5)

const transformers: ReadonlyArray<TransformerSpec> = [additive(), affine(), rationalQuadratic({ bins: 4, bound: 3 })]
const net = mlp({ hidden: [8], activation: 'tanh' })

const eachDirection = (
  b: Bijector,
  params: Params,
  x: Tensor,
  context: Tensor | undefined,
  check: (value: (i: number, j: number) => number) => void,
): void => {
  const ways = [jacobians(at => b.forward(params, at, context).y, x), jacobians(at => b.inverse(params, at, context).x, x)]
  ways.flat().forEach(j => check((row, column) => j.get(row, column)))
}

const structureOn = (backend: 'cpu' | 'wasm'): void => {
  const s = suite(`structure of bijectors on ${backend}`)
  s.before(() => useTestBackend(backend))
  const test = (name: string, body: () => void): void => s.test(name, () => allocates(0, () => tidy(body)))
  for (const t of transformers)
    for (const dim of [2, 3, 6])
      for (const context of [undefined, 2])
        test(`autoregressive ${t._tag} at D = ${dim}${context ? ', given a context' : ''}: exactly triangular, with every entry below`, () => {
          for (const degrees of ['sorted', 'cyclic'] as const) {
            const b = built(autoregressive(made({ hidden: [12], activation: 'tanh', degrees }), t), dim, context)
            const x = drawn([5, dim], 3)
            const seen = Array.from({ length: dim }, () => new Array<boolean>(dim).fill(false))
            eachDirection(b, noisy(b), x, context === undefined ? undefined : drawn([5, context], 4), value => {
              for (let i = 0; i < dim; i++)
                for (let j = 0; j < dim; j++) {
                  if (j > i) equal(Math.abs(value(i, j)), 0, `entry [${i}, ${j}]`)
                  if (j === i) ok(value(i, j) > 0, `diagonal ${value(i, j)}`)
                  if (value(i, j) !== 0) seen[i]![j] = true
                }
            })
            seen.forEach((row, i) => row.forEach((hit, j) => ok(hit === j <= i, `output ${i} by input ${j}`)))
          }
        })

  const masks: ReadonlyArray<readonly [CouplingMask, ReadonlyArray<number>]> = [
    ['half', [0, 1]],
    ['even', [0, 2, 4]],
    ['odd', [1, 3]],
    [{ split: 1 }, [0]],
    [{ split: 4 }, [0, 1, 2, 3]],
    [
      [false, true, true, false, true],
      [1, 2, 4],
    ],
  ]
  for (const t of transformers)
    for (const [mask, passing] of masks)
      test(`coupling ${t._tag} with mask ${JSON.stringify(mask)}: what passes is untouched, the rest moves with it and itself alone`, () => {
        const b = built(coupling(net, t, { mask }), 5)
        const [x, params] = [drawn([6, 5], 5), noisy(b)]
        const seen = Array.from({ length: 5 }, () => new Array<boolean>(5).fill(false))
        eachDirection(b, params, x, undefined, value => {
          for (let i = 0; i < 5; i++)
            for (let j = 0; j < 5; j++) {
              if (passing.includes(i)) equal(Math.abs(value(i, j)), i === j ? 1 : 0, `entry [${i}, ${j}]`)
              else if (i !== j && !passing.includes(j)) equal(Math.abs(value(i, j)), 0, `entry [${i}, ${j}]`)
              if (value(i, j) !== 0) seen[i]![j] = true
            }
        })
        for (let i = 0; i < 5; i++) for (const j of passing) if (!passing.includes(i)) ok(seen[i]![j]!, `output ${i} by input ${j}`)
        const y = rowsOf(b.forward(params, x).y)
        rowsOf(x).forEach((row, n) => passing.forEach(i => equal(y[n]![i], row[i], 'a passing value')))
      })

  for (const t of transformers)
    test(`twoSidedCoupling ${t._tag}: every value is moved, the half that passes first by what has become of the other`, () => {
      const b = built(twoSidedCoupling(net, t, { mask: [true, true, false, false] }), 4)
      const [x, params] = [drawn([6, 4], 5), noisy(b)]
      const y = rowsOf(b.forward(params, x).y)
      const from = rowsOf(x)
      // a spline leaves what is beyond its ends
      ;[0, 1, 2, 3].forEach(i =>
        ok(
          from.some((row, n) => y[n]![i] !== row[i]),
          `value ${i} is as it was`,
        ),
      )
      const seen = Array.from({ length: 4 }, () => new Array<boolean>(4).fill(false))
      jacobians(at => b.forward(params, at).y, x).forEach(j =>
        j.to2DArray().forEach((row, i) => row.forEach((v, k) => v !== 0 && (seen[i]![k] = true))),
      )
      // the first half by all but its other values, the second by the first half and itself
      ;[0, 1].forEach(i => [0, 1, 2, 3].forEach(k => ok(seen[i]![k]!, `output ${i} by input ${k}`)))
      ;[2, 3].forEach(i => [0, 1, 2, 3].forEach(k => equal(seen[i]![k], k === i || k < 2, `output ${i} by input ${k}`)))
    })

  test('permute sends x[order[i]] to place i, reverse the last to the first', () => {
    const x = tensor2d([[10, 20, 30]])
    equal([...values(built(permute([2, 0, 1]), 3).forward({}, x).y)], [30, 10, 20])
    equal([...values(built(permute([2, 0, 1]), 3).inverse({}, x).x)], [20, 30, 10])
    equal([...values(built(reverse(), 3).forward({}, x).y)], [30, 20, 10])
  })

  const orderOf = (seed: number, dim: number): ReadonlyArray<number> => {
    const x = tensor(
      Array.from({ length: dim }, (_, i) => i),
      [1, dim],
    )
    return [...values(built(permute({ seed }), dim).forward({}, x).y)]
  }

  test('a seed gives one order, never the identity, and the flip of two', () => {
    for (let seed = 0; seed < 30; seed++) {
      equal(orderOf(seed, 2), [1, 0])
      for (const dim of [3, 6]) {
        const order = orderOf(seed, dim)
        equal(orderOf(seed, dim), order)
        ok(
          order.some((from, i) => from !== i),
          `seed ${seed} gives the identity`,
        )
      }
    }
    ok(new Set(Array.from({ length: 30 }, (_, seed) => orderOf(seed, 6).join())).size > 20, 'seeds give the same orders')
    equal(orderOf(0, 1), [0])
  })

  test('repeat is the chain of as many copies, each with parameters of its own', () => {
    const layer = coupling(net, affine())
    const [repeated, chained] = [built(repeat(3, layer), 4), built(chain(layer, layer, layer), 4)]
    const params = noisy(repeated)
    const x = drawn([3, 4], 6)
    equal([...bitsOf(repeated.forward(params, x).y)], [...bitsOf(chained.forward(params, x).y)])
    const starts = (repeated.init(key(0)) as ReadonlyArray<Params>).map(p => bitsOf(leaves(p)[0]!).join())
    equal(new Set(starts).size, 3)
  })

  test('a spline of one bin is the identity whatever its theta', () => {
    const b = built(elementwise(rationalQuadratic({ bins: 1, bound: 3 })), 2)
    const x = drawn([20, 2], 7, 2)
    const { y, logDet } = b.forward(noisy(b), x)
    near(values(y), values(x), { atol: 2e-6 })
    near(values(logDet), new Float32Array(20), { atol: 1e-6 })
  })

  test('a chain of bijectors whose spaces differ is refused, by index', () => {
    const [two, three] = [bijectors.permute([1, 0]), bijectors.permute([2, 1, 0])]
    let message = ''
    try {
      bijectors.chain([two, three])
    } catch (thrown) {
      message = String(thrown)
    }
    ok(/chain: expected event \[2\], got \[3\] at index 1/.test(message), message)
  })

  // actNorm: after adapt, the other side of the batch has mean 0 and variance 1

  const batch = (): Tensor =>
    tidy(() =>
      concat(
        [0, 1, 2].map(i =>
          tensor(
            values(drawn([64, 1], 90 + i)).map(v => v * 10 ** (i - 1) + 5 * i),
            [64, 1],
          ),
        ),
        1,
      ),
    )

  const adapted = (b: Bijector, side: 'base' | 'data', x: Tensor): Params => {
    const params = b.init(key(2))
    const result = allocates(leaves(params).length, () => b.adapt!(params, side, x))
    ok(
      leaves(params).every(leaf => !leaf.isDisposed),
      'adapt disposed a parameter',
    )
    leaves(result).forEach(leaf => ok(!leaves(params).includes(leaf), 'adapt returned an argument'))
    return result
  }

  const standardized = (x: Tensor): void => {
    const { mean: center, variance } = moments(x, 0)
    near(values(center), new Float32Array(3), { atol: 1e-5, what: 'mean' })
    near(values(variance), ones([3]).dataSync(), { atol: 1e-4, what: 'variance' })
  }

  test('actNorm adapts from either side, and inverted', () => {
    const [b, x] = [built(actNorm(), 3), batch()]
    standardized(b.inverse(adapted(b, 'data', x), x).x)
    standardized(b.forward(adapted(b, 'base', x), x).y)
    const inverted = built(invert(actNorm()), 3)
    standardized(inverted.inverse(adapted(inverted, 'data', x), x).x)
    standardized(inverted.forward(adapted(inverted, 'base', x), x).y)
  })

  test('actNorm adapts inside a chain to what reaches it; the rest stays', () => {
    const spec = chain(actNorm(), permute([1, 2, 0]), coupling(net, affine()), actNorm(), reverse())
    for (const b of [built(spec, 3), built(invert(spec), 3), built(repeat(2, spec), 3)]) {
      const x = batch()
      const ofData = adapted(b, 'data', x)
      standardized(b.inverse(ofData, x).x)
      const ofBase = adapted(b, 'base', x)
      standardized(b.forward(ofBase, x).y)
    }
    const b = built(spec, 3)
    const [before, after] = [b.init(key(2)) as ReadonlyArray<Params>, adapted(b, 'data', batch()) as ReadonlyArray<Params>]
    equal(
      leaves(after[2]!).map(leaf => bitsOf(leaf).join()),
      leaves(before[2]!).map(leaf => bitsOf(leaf).join()),
    )
  })

  test('a chain without actNorm has nothing to adapt', () => ok(built(chain(reverse(), coupling(net, affine())), 3).adapt === undefined))

  test('a constant dimension and a batch of one row get a finite scale; a NaN stays in its dimension', () => {
    const b = built(actNorm(), 2)
    const finite = (params: Params): boolean => leaves(params).every(leaf => values(leaf).every(Number.isFinite))
    ok(
      finite(
        b.adapt!(
          b.init(key(0)),
          'data',
          tensor2d([
            [1, 7],
            [2, 7],
            [4, 7],
          ]),
        ),
      ),
      'constant dimension',
    )
    ok(finite(b.adapt!(b.init(key(0)), 'base', tensor2d([[1, 7]]))), 'one row')
    const { logScale, shift } = b.adapt!(
      b.init(key(0)),
      'data',
      tensor2d([
        [1, NaN],
        [2, 7],
      ]),
    ) as { readonly logScale: Tensor; readonly shift: Tensor }
    ok(Number.isFinite(values(logScale)[0]!) && Number.isFinite(values(shift)[0]!), 'the other dimension')
    ok(Number.isNaN(values(shift)[1]!) && Number.isNaN(values(logScale)[1]!), `a NaN was swallowed: ${values(logScale)[1]}`)
  })

  test('the mean is exact for a large constant column', () => {
    const b = built(actNorm(), 1)
    for (const n of [20000, 2 ** 14]) {
      const { shift } = b.adapt!(b.init(key(0)), 'data', tensor(new Float32Array(n).fill(0.1), [n, 1])) as { readonly shift: Tensor }
      near(values(shift), [0.1], { atol: 1e-6 })
    }
    throws(() => b.adapt!(b.init(key(0)), 'data', tensor([], [0, 1])), /actNorm: expected at least one row to adapt to, got none/)
  })

  s.run()
}

structureOn('cpu')
structureOn('wasm')
