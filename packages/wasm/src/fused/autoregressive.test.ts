import { affine, autoregressive, build, flow, key, made, mapTree, rationalQuadratic, standardNormal } from '@diffeo/core'
import type { Bijector, MadeSpec, Params, TransformerSpec } from '@diffeo/core'
import { add, matMul, tensor, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { customEmitters } from './emitters.ts'
import type { Direction } from './spline.ts'

const s = suite('fused autoregressive layers')
features()
const runtime = createRuntime()
s.before(() => useTestBackend('cpu'))

const guard = 9
const waves = (count: number, seed: number, size: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => size * Math.sin(seed * 12.9898 + i * 78.233 + 0.001 * i * i))

interface Linear {
  readonly w: Tensor
  readonly b: Tensor
}
interface Parts {
  readonly first: Linear & { readonly v?: Tensor }
  readonly hidden: ReadonlyArray<ReadonlyArray<Linear>>
  readonly last: Linear
}

interface Case {
  readonly direction?: Direction
  readonly dim: number
  readonly rows: number
  readonly network?: Parameters<typeof made>[0]
  readonly transformer?: TransformerSpec
  readonly context?: 'one row' | 'rows' | undefined
  readonly ar?: Arithmetic
  readonly from?: Float32Array
  readonly spread?: number
}

interface Pair {
  readonly to: Float32Array
  readonly logDet: Float32Array
}

const numbersOf = (x: Tensor): Float32Array => x.dataSync() as Float32Array

const opOf = (direction: Direction): string => (direction === 'forward' ? 'autoregressiveForward' : 'autoregressiveInverse')

const imageOf = (
  bijector: Bijector,
  direction: Direction,
  params: Params,
  from: Tensor,
  context: Tensor | undefined,
): { readonly to: Tensor; readonly logDet: Tensor } => {
  if (direction === 'forward') {
    const { y, logDet } = bijector.forward(params, from, context)
    return { to: y, logDet }
  }
  const { x, logDet } = bijector.inverse(params, from, context)
  return { to: x, logDet }
}

/** The op's attributes and the inputs that stand for a flow's parameters, and what core itself gives. */
const both = ({
  dim,
  rows,
  network = {},
  transformer = affine(),
  context,
  ar = plain,
  from: rowsOf,
  spread = 0.3,
  direction = 'inverse',
}: Case): readonly [Pair, Pair] => {
  const spec: MadeSpec = made({ hidden: [2 * dim + 1, 2 * dim + 1], ...network })
  const { bijector } = build(flow({ base: standardNormal(), bijector: autoregressive(spec, transformer) }), {
    event: [dim],
    ...(context === undefined ? {} : { context: [3] }),
  })
  const state = { leaf: 0 }
  const params = mapTree(leaf => add(leaf, tensor(waves(leaf.size, ++state.leaf, spread), leaf.shape)), bijector.init(key(1))) as Params & {
    readonly conditioner: Parts
  }
  const contextRows = context === 'one row' ? 1 : rows
  const given = context === undefined ? undefined : tensor2d(waves(3 * contextRows, 9, 1), [contextRows, 3])
  const values = rowsOf ?? waves(rows * dim, 7, 2)
  const expected = imageOf(bijector, direction, params, tensor2d(values, [rows, dim]), given)

  const { first, hidden, last } = params.conditioner
  const inputs = [
    tensor2d(values, [rows, dim]),
    ...(given === undefined ? [] : [matMul(given, first.v! as never)]),
    ...[first, ...hidden.flat(), last].flatMap(({ w, b }) => [w, b]),
  ] as ReadonlyArray<Tensor>
  const attrs = {
    hidden: spec.hidden,
    degrees: spec.degrees,
    activation: spec.activation,
    residual: spec.residual,
    context: context !== undefined,
    transformer,
  }
  const typed = (shape: ReadonlyArray<number>): { readonly shape: ReadonlyArray<number>; readonly dtype: 'float32' } => ({
    shape,
    dtype: 'float32',
  })
  const plan = customEmitters[opOf(direction)]!(ar, {
    attrs,
    inputs: inputs.map(({ shape }) => typed(shape)),
    outputs: [typed([rows, dim]), typed([rows])],
  })!
  const from = inputs.map(x => runtime.upload(numbersOf(x)))
  const to = [rows * dim, rows].map(size => runtime.upload(new Float32Array(size + 2 * guard).fill(-77)))
  const scratch = runtime.allocate(plan.scratch + 64)
  runtime.write(scratch, new Float32Array(plan.scratch / 4 + 16).fill(NaN))
  runtime.write(scratch + plan.scratch, new Float32Array(16).fill(-55))
  const call = (): void => runtime.call(plan.kernel, plan.arguments({ inputs: from, outputs: to.map(p => p + 4 * guard), scratch }))
  call()
  const results = [rows * dim, rows].map((size, i) => runtime.read(to[i]!, size + 2 * guard) as Float32Array)
  results.forEach(all =>
    ok(
      [...all.slice(0, guard), ...all.slice(-guard)].every(v => v === -77),
      'it keeps to its place',
    ),
  )
  ok(
    runtime.read(scratch + plan.scratch, 16).every(v => v === -55),
    'and to its scratch memory',
  )
  call()
  results.forEach((all, i) => equal(new Int32Array(runtime.read(to[i]!, all.length).buffer), new Int32Array(all.buffer), 'the same bits'))
  ;[...from, ...to, scratch].forEach(runtime.free)
  const [image, logDet] = results.map(all => all.slice(guard, -guard)) as [Float32Array, Float32Array] // two outputs
  return [
    { to: image, logDet },
    { to: numbersOf(expected.to), logDet: numbersOf(expected.logDet) },
  ]
}

const directions: ReadonlyArray<Direction> = ['forward', 'inverse']
const check = (x: Case, atol = 2e-4): void => directions.forEach(direction => checkOne({ ...x, direction }, atol))

const checkOne = (x: Case, atol: number): void => {
  const [actual, expected] = both(x)
  const what = `${x.direction}, D ${x.dim}, ${x.rows} rows, context ${x.context ?? 'none'}, ${JSON.stringify(x.network ?? {})}`
  near(actual.to, expected.to, { atol, rtol: atol, what })
  near(actual.logDet, expected.logDet, { atol, rtol: atol, what: `${what}: logDet` })
}

s.test('dimensions, rows, contexts, both orders of degrees', () => {
  for (const dim of [2, 3, 5, 16])
    for (const context of [undefined, 'one row', 'rows'] as const)
      for (const degrees of ['sorted', 'cyclic'] as const) check({ dim, rows: 18, context, network: { degrees } })
  for (const rows of [1, 2, 15, 16, 17, 33])
    for (const context of [undefined, 'rows'] as const) check({ dim: 5, rows, context, network: { degrees: 'cyclic' } })
  check({ dim: 43, rows: 17, network: { hidden: [64, 50] }, spread: 0.1 })
  check({ dim: 43, rows: 5, network: { hidden: [43, 61, 47], degrees: 'cyclic' }, context: 'rows', spread: 0.1 })
})

s.test('one hidden layer, many, narrow and wide ones', () => {
  for (const degrees of ['sorted', 'cyclic'] as const)
    for (const hidden of [[4], [64], [4, 9, 5], [12, 4, 7, 30]])
      for (const context of [undefined, 'rows'] as const)
        check({ dim: context === undefined ? 5 : 4, rows: 19, context, network: { hidden, degrees } })
})

s.test('residual networks', () => {
  for (const degrees of ['sorted', 'cyclic'] as const)
    for (const hidden of [[11], [11, 11], [11, 11, 11]])
      for (const context of [undefined, 'one row', 'rows'] as const)
        check({ dim: 5, rows: 18, context, network: { hidden, degrees, residual: true } })
})

s.test('activations, and both arithmetics', () => {
  for (const activation of ['relu', 'elu', 'tanh', 'silu', 'softplus', 'leakyRelu'] as const)
    for (const ar of [plain, relaxed]) check({ dim: 4, rows: 18, ar, network: { activation, residual: true } })
})

s.test('transformers', () => {
  for (const scale of ['softclip', 'exp', 'softplus', 'sigmoid', 'tanh'] as const)
    for (const tag of ['affine', 'scale']) check({ dim: 4, rows: 18, transformer: { _tag: tag, scale } as TransformerSpec })
  for (const scale of ['softclip', 'exp', 'softplus', 'sigmoid', 'tanh'] as const)
    check({ dim: 4, rows: 18, transformer: affine({ scale, minScale: 0.2 }), spread: 3 })
  check({ dim: 4, rows: 18, transformer: { _tag: 'additive' } as TransformerSpec })
  for (const knots of ['softclip', 'softmax', 'distrax'] as const)
    for (const bins of [1, 4, 8]) check({ dim: 5, rows: 18, transformer: rationalQuadratic({ bins, bound: 3, knots }) }, 2e-3)
})

s.test('NaN and infinities stay in their row and are where the composite has them', () => {
  for (const bad of [NaN, Infinity, -Infinity])
    for (const at of [0, 2, 4]) {
      const from = waves(18 * 5, 7, 2)
      from[3 * 5 + at] = bad
      const [actual, expected] = both({ dim: 5, rows: 18, from })
      const isBad = (v: number): boolean => !Number.isFinite(v)
      equal([...actual.to].map(isBad), [...expected.to].map(isBad), `${bad} at ${at}`)
      equal([...actual.logDet].map(isBad), [...expected.logDet].map(isBad))
      const rest = (all: Float32Array, width: number): Float32Array => all.filter((_, i) => Math.floor(i / width) !== 3)
      near(rest(actual.to, 5), rest(expected.to, 5), { atol: 2e-4 })
      near(rest(actual.logDet, 1), rest(expected.logDet, 1), { atol: 2e-4 })
    }
})

s.test('forward a NaN or an infinity leaves its row not finite, and the other rows as they are', () => {
  for (const bad of [NaN, Infinity, -Infinity])
    for (const at of [0, 2, 4]) {
      const from = waves(18 * 5, 7, 2)
      const [clean] = both({ direction: 'forward', dim: 5, rows: 18, from: from.slice() })
      from[3 * 5 + at] = bad
      const [actual] = both({ direction: 'forward', dim: 5, rows: 18, from })
      ok(
        actual.to.subarray(15, 20).some(v => !Number.isFinite(v)),
        `${bad} at ${at}`,
      )
      ok(!Number.isFinite(actual.logDet[3]), `${bad} at ${at}`)
      equal([...actual.to].filter((_, i) => i < 15 || i >= 20), [...clean.to].filter((_, i) => i < 15 || i >= 20)) // prettier-ignore
    }
})

s.test('an op that has no kernel is left to its composite', () => {
  const of = (attrs: unknown): unknown =>
    customEmitters['autoregressiveInverse']!(plain, { attrs, inputs: [{ shape: [4, 3], dtype: 'float32' }], outputs: [] })
  equal(
    of({ hidden: [8], degrees: 'sorted', activation: 'relu', residual: false, context: false, transformer: { _tag: 'mine' } }),
    undefined,
  )
  equal(of({ hidden: [8], degrees: 'sorted', activation: 'mine', residual: false, context: false, transformer: affine() }), undefined)
  equal(of({ hidden: [8], degrees: 'sorted', activation: 'relu', residual: false, context: false, transformer: affine() }), undefined)
})

s.test('nothing is left in memory', () => {
  equal(runtime.stats().live, 0)
})

s.run()
