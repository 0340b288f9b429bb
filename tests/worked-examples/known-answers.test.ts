import {
  bijectors,
  build,
  buildDistribution,
  builtins,
  chain,
  flow,
  key,
  random,
  realSpace,
  register,
  standardNormal,
  tidy,
  transformed,
  valueAndGrad,
} from '@diffeo/core'
import type { Bijector, BijectorEntry, BijectorSpec, Flow, FlowParams, Shape } from '@diffeo/core'
import { decodeFlow, encodeTree, fields, finite, parseJson, report, where, word } from '@diffeo/codec'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { add, div, exp, fill, log, mul, neg, scalar, slice, stack, sub, sum, tensor2d, unstack } from '@tensorflow/tfjs-core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'

/** z = slope x + intercept in every dimension, from data to base; both are trained. A tag with a codec. */
type LineSpec = BijectorSpec & { readonly _tag: 'line'; readonly slope: number; readonly intercept: number }
type LineParams = { readonly slope: Tensor; readonly intercept: Tensor }

const lineBijector = (spec: LineSpec, shape: Shape): Bijector<LineParams> => {
  const logDet = (slope: Tensor, x: Tensor): Tensor => mul(fill([x.shape[0]!], x.size / x.shape[0]!), log(slope))
  return {
    spec,
    contextShape: undefined,
    base: realSpace(shape),
    data: realSpace(shape),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: { slope: true, intercept: true },
    init: () => ({ slope: scalar(spec.slope), intercept: scalar(spec.intercept) }),
    forward: ({ slope, intercept }, z) => tidy(() => ({ y: div(sub(z, intercept), slope), logDet: neg(logDet(slope, z)) })),
    inverse: ({ slope, intercept }, x) => tidy(() => ({ x: add(mul(slope, x), intercept), logDet: logDet(slope, x) })),
  }
}

const line: BijectorEntry<LineSpec> = {
  tag: 'line',
  codec: where(fields<LineSpec>('line', { _tag: word('line'), slope: finite(), intercept: finite() }), spec =>
    spec.slope > 0 ? undefined : 'a line that rises',
  ),
  build: (spec, site) => lineBijector(spec, site.shape),
}
const registry = register(builtins, { bijector: [line] })

/** A map of two dimensions without parameters, written as a user writes one: both formulas and the logarithm of dz/dx. */
interface PlaneMap {
  readonly tag: string
  toBase(x1: Tensor, x2: Tensor): readonly [Tensor, Tensor]
  toData(z1: Tensor, z2: Tensor): readonly [Tensor, Tensor]
  logDet(x1: Tensor): Tensor
}

const planeBijector = ({ tag, toBase, toData, logDet }: PlaneMap): Bijector<Record<string, never>> => {
  const columns = (x: Tensor): readonly [Tensor, Tensor] => unstack(x, 1) as [Tensor, Tensor]
  return {
    spec: { _tag: tag },
    contextShape: undefined,
    base: realSpace([2]),
    data: realSpace([2]),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, z) =>
      tidy(() => {
        const [x1, x2] = toData(...columns(z))
        return { y: stack([x1, x2], 1), logDet: neg(logDet(x1)) }
      }),
    inverse: (_, x) =>
      tidy(() => {
        const [x1, x2] = columns(x)
        return { x: stack([...toBase(x1, x2)], 1), logDet: logDet(x1) }
      }),
  }
}

/** z1 = ln x1, z2 = x2 - 2 ln x1: triangular, determinant 1 / x1. */
const triangular = planeBijector({
  tag: 'triangular',
  toBase: (x1, x2) => [log(x1), sub(x2, mul(2, log(x1)))],
  toData: (z1, z2) => [exp(z1), add(z2, mul(2, z1))],
  logDet: x1 => neg(log(x1)),
})

/** z1 = ln x1 + x2 / 2, z2 = x2 - 2 ln x1: not triangular, determinant (1 / x1) 1 - (1/2) (-2 / x1) = 2 / x1. */
const mixing = planeBijector({
  tag: 'mixing',
  toBase: (x1, x2) => [add(log(x1), mul(0.5, x2)), sub(x2, mul(2, log(x1)))],
  toData: (z1, z2) => [exp(div(sub(z1, mul(0.5, z2)), 2)), add(z1, mul(0.5, z2))],
  logDet: x1 => sub(Math.LN2, log(x1)),
})

const logPhi = (z: number): number => -0.5 * z * z - 0.5 * Math.log(2 * Math.PI)
const normalBase = buildDistribution(standardNormal(), { event: [2] })
const points: ReadonlyArray<readonly [number, number]> = [
  [1, 0],
  [0.3, 1.2],
  [2.5, -0.7],
  [0.05, -5],
  [7, 3],
]
const matrix = (rows: ReadonlyArray<ReadonlyArray<number>>): Tensor => tensor2d(rows.map(row => [...row]))
const rowsOf = (x: Tensor): ReadonlyArray<ReadonlyArray<number>> => x.arraySync() as number[][]
const draw = (f: Flow, params: FlowParams, n: number): ReadonlyArray<ReadonlyArray<number>> => rowsOf(f.sample(params, key(1), n))
const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0) / values.length
const covariance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const [centerA, centerB] = [mean(a), mean(b)]
  return mean(a.map((v, i) => (v - centerA) * (b[i]! - centerB)))
}

/** log |det| of a map of the plane at each row, in float64 from the gradients of its two columns. */
const autodiffLogDet = (f: (x: Tensor) => Tensor, x: Tensor): ReadonlyArray<number> => {
  const row = (j: number): ReadonlyArray<ReadonlyArray<number>> =>
    rowsOf(valueAndGrad((at: Tensor) => sum(slice(f(at), [0, j], [-1, 1])) as Scalar)(x).grads)
  const [first, second] = [row(0), row(1)]
  return first.map(([a, b], i) => Math.log(Math.abs(a! * second[i]![1]! - b! * second[i]![0]!)))
}

/** The integral of a density over x1 > 0 and x2, by the trapezoid rule in (ln x1, x2). */
const integral = (logProb: (x: Tensor) => Tensor, width: number): number => {
  const steps = 160
  const at = Array.from({ length: steps + 1 }, (_, i) => width * ((2 * i) / steps - 1))
  const grid = at.flatMap(l => at.map(x2 => [Math.exp(l), x2]))
  const density = tidy(() => logProb(matrix(grid)).dataSync())
  return grid.reduce((total, [x1], i) => total + Math.exp(density[i]!) * x1!, 0) * ((2 * width) / steps) ** 2
}

const s = suite('worked examples with known answers')
s.before(() => useTestBackend('cpu'))

const lineJson = (slope: unknown): string =>
  JSON.stringify({
    _tag: 'flow',
    base: { _tag: 'standardNormal' },
    bijector: { _tag: 'chain', bijectors: [{ _tag: 'line', slope, intercept: -2.5 }] },
  })
const lineFlow = (): Flow => {
  const spec = pipe(parseJson(lineJson(0.5)), E.chain(decodeFlow(registry)))
  if (E.isLeft(spec)) throw new Error(report(spec.left))
  return build(spec.right, { event: [1] }, registry)
}

s.test('z = 0.5 x - 2.5, z ~ N(0, 1): the density of N(5, 2)', () =>
  allocates(0, () =>
    tidy(() => {
      const f = lineFlow()
      const xs = [-3, 0, 4.9, 5, 6, 11]
      const expected = xs.map(x => -0.5 * ((x - 5) / 2) ** 2 - Math.log(2 * Math.sqrt(2 * Math.PI)))
      near(f.logProb(f.init(key(0)), matrix(xs.map(x => [x]))).dataSync(), expected, { atol: 2e-6 })
    }),
  ),
)

s.test('z = 0.5 x - 2.5: samples have mean 5 and deviation 2, and quantiles of N(5, 2)', () =>
  tidy(() => {
    const f = lineFlow()
    const n = 20_000
    const xs = draw(f, f.init(key(0)), n).map(([x]) => x!)
    // four standard errors
    near(mean(xs), 5, { atol: (4 * 2) / Math.sqrt(n) })
    near(Math.sqrt(covariance(xs, xs)), 2, { atol: (4 * 2) / Math.sqrt(2 * n) })
    near(xs.filter(x => x < 5 - 2 * 1.959964).length / n, 0.025, { atol: 4 * Math.sqrt((0.025 * 0.975) / n) })
  }),
)

s.test('z = 0.5 x - 2.5: gradients of the log-density by slope and intercept', () =>
  tidy(() => {
    const f = lineFlow()
    const xs = [1, 4, 8]
    const { grads } = valueAndGrad((p: FlowParams) => sum(f.logProb(p, matrix(xs.map(x => [x])))) as Scalar)(f.init(key(0)))
    const z = xs.map(x => 0.5 * x - 2.5)
    const [{ slope, intercept }] = grads.bijector as readonly [LineParams]
    near(slope.dataSync(), [xs.reduce((total, x, i) => total - z[i]! * x + 1 / 0.5, 0)], { atol: 1e-5 })
    near(intercept.dataSync(), [-z.reduce((a, b) => a + b, 0)], { atol: 1e-5 })
  }),
)

s.test('a tag of its own: what the reader and the builder say without it, and to a wrong field', () => {
  const read = (text: string, known: typeof registry): string => {
    const result = pipe(parseJson(text), E.chain(decodeFlow(known)))
    return E.isLeft(result) ? report(result.left) : 'read'
  }
  equal(read(lineJson(0.5), registry), 'read')
  ok(/^bijector\.bijectors\[0\]\._tag: expected a bijector, one of .*got 'line'$/.test(read(lineJson(0.5), builtins)))
  ok(/^bijector\.bijectors\[0\]\.slope: expected a finite number, got 'steep'$/.test(read(lineJson('steep'), registry)))
  ok(/^bijector\.bijectors\[0\]: expected a line that rises/.test(read(lineJson(-1), registry)))
  const spec: LineSpec = { _tag: 'line', slope: 0.5, intercept: -2.5 }
  const made = flow({ base: standardNormal(), bijector: chain(spec) })
  equal(JSON.parse(JSON.stringify(made)), JSON.parse(lineJson(0.5)))
  throws(() => build(made, { event: [1] }), /^build: expected a bijector, one of .* got "line" at bijector\.bijectors\[0\]\._tag$/)
  throws(() => register(registry, { bijector: [line] }), /already registered/)
  tidy(() => equal(Object.keys(encodeTree(build(made, { event: [1] }, registry).init(key(0))) as object), ['base', 'bijector']))
})

s.test('z1 = ln x1, z2 = x2 - 2 ln x1: density phi(z1) phi(z2) / x1', () =>
  allocates(0, () =>
    tidy(() => {
      const f = transformed(normalBase, triangular)
      const expected = points.map(([x1, x2]) => logPhi(Math.log(x1)) + logPhi(x2 - 2 * Math.log(x1)) - Math.log(x1))
      near(f.logProb(f.init(key(0)), matrix(points)).dataSync(), expected, { atol: 1e-5 })
    }),
  ),
)

s.test('z1 = ln x1, z2 = x2 - 2 ln x1: the density integrates to 1, samples have its moments', () =>
  tidy(() => {
    const f = transformed(normalBase, triangular)
    const params = f.init(key(0))
    near(
      integral(x => f.logProb(params, x), 16),
      1,
      { atol: 1e-3 },
    )
    const n = 20_000
    const xs = draw(f, params, n)
    const [logs, x2] = [xs.map(([x]) => Math.log(x!)), xs.map(row => row[1]!)]
    // ln x1 ~ N(0, 1), x2 = z2 + 2 ln x1 ~ N(0, 5), covariance 2; four standard errors
    near(mean(logs), 0, { atol: 4 / Math.sqrt(n) })
    near(covariance(logs, logs), 1, { atol: 4 * Math.sqrt(2 / n) })
    near(mean(x2), 0, { atol: 4 * Math.sqrt(5 / n) })
    near(covariance(x2, x2), 5, { atol: 4 * 5 * Math.sqrt(2 / n) })
    near(covariance(logs, x2), 2, { atol: 4 * Math.sqrt((5 + 4) / n) })
  }),
)

s.test('z1 = ln x1 + 0.5 x2, z2 = x2 - 2 ln x1: determinant 2 / x1, of the formula and of the autodiff Jacobian', () =>
  tidy(() => {
    const x = matrix(points)
    const expected = points.map(([x1]) => Math.log(2 / x1))
    const inverse = mixing.inverse({}, x)
    near(inverse.logDet.dataSync(), expected, { atol: 2e-6 })
    near(
      autodiffLogDet(at => mixing.inverse({}, at).x, x),
      expected,
      { atol: 2e-6 },
    )
    const forward = mixing.forward({}, inverse.x)
    near(forward.y.dataSync(), points.flat(), { atol: 1e-5 })
    near(
      forward.logDet.dataSync(),
      expected.map(v => -v),
      { atol: 1e-5 },
    )
    near(
      autodiffLogDet(at => mixing.forward({}, at).y, inverse.x),
      expected.map(v => -v),
      { atol: 1e-5 },
    )
  }),
)

s.test('z1 = ln x1 + 0.5 x2, z2 = x2 - 2 ln x1: the density integrates to 1', () =>
  tidy(() => {
    const f = transformed(normalBase, mixing)
    near(
      integral(x => f.logProb(f.init(key(0)), x), 8),
      1,
      { atol: 1e-3 },
    )
  }),
)

s.test('three chained maps add their log-determinants', () =>
  tidy(() => {
    const steps = [lineBijector({ _tag: 'line', slope: 0.5, intercept: -0.25 }, [2]), triangular, mixing] as const
    const chained = bijectors.chain(steps)
    const params = chained.init(key(0))
    const z = random.normal(key(5), [7, 2])
    const { y, logDet } = chained.forward(params, z)
    // by hand: x = 2 z + 0.5; u = (e^x1, x2 + 2 x1); v = (e^((u1 - u2 / 2) / 2), u1 + u2 / 2)
    const byHand = rowsOf(z).map(([z1, z2]) => {
      const [x1, x2] = [2 * z1! + 0.5, 2 * z2! + 0.5]
      const [u1, u2] = [Math.exp(x1), x2 + 2 * x1]
      const v1 = Math.exp((u1 - u2 / 2) / 2)
      return { v: [v1, u1 + u2 / 2], logDets: [2 * Math.log(2), Math.log(u1), Math.log(v1 / 2)] }
    })
    const totals = byHand.map(({ logDets }) => logDets.reduce((a, b) => a + b, 0))
    near(
      y.dataSync(),
      byHand.flatMap(({ v }) => v),
      { atol: 1e-5, rtol: 1e-5 },
    )
    near(logDet.dataSync(), totals, { atol: 1e-5, rtol: 1e-5 })
    near(
      autodiffLogDet(at => chained.forward(params, at).y, z),
      totals,
      { atol: 1e-4, rtol: 1e-5 },
    )
    const back = chained.inverse(params, y)
    near(back.x.dataSync(), z.dataSync(), { atol: 1e-4 })
    near(
      back.logDet.dataSync(),
      totals.map(v => -v),
      { atol: 1e-4, rtol: 1e-5 },
    )
  }),
)

s.run()
