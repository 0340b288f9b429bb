import { gatedResidual, key, leaves, lipschitzMlp, made, mapTree, mlp, residualMlp, sameStructure } from '@diffeo/core'
import type { Activation, Context, Network, NetworkSpec, Params } from '@diffeo/core'
import { allocates, near } from '@diffeo/testing'
import { abs, add, mul, sum, tile } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Matrix } from 'ml-matrix'
import { assert, bitsOf, drawn, edited, perturbed, rowAt, rowsOf, sizeOf, values } from './draws.ts'
import { jacobians } from './jacobian.ts'
import { grad } from './execution.ts'
import type { Law } from './law.ts'
import { networkOf } from './parts.ts'

export interface NetworkMember {
  readonly name: string
  readonly network: Network
  readonly input: number
  /** Numbers for each output group: output i of an autoregressive network is group i. */
  readonly size: number
  readonly groups: number
  readonly contextWidth: number
  readonly autoregressive: boolean
}

interface Kind {
  readonly name: string
  readonly spec: NetworkSpec
  readonly input: number
  readonly context: number
  readonly autoregressive?: boolean
}

const size = 3

const member = ({ name, spec, input, context, autoregressive = false }: Kind): NetworkMember => {
  const groups = autoregressive ? input : 2
  const site = { input: [input], output: [groups, size], context: context === 0 ? undefined : [context], autoregressive }
  const network = networkOf(spec, site)
  return {
    name: `${name}, ${input} inputs${context === 0 ? '' : ', given a context'}`,
    network,
    input,
    size,
    groups,
    contextWidth: context,
    autoregressive,
  }
}

const activations: ReadonlyArray<Activation> = ['relu', 'elu', 'tanh', 'silu', 'softplus', 'leakyRelu']

const madeWidths = (dim: number, context: number): ReadonlyArray<ReadonlyArray<number>> => {
  const least = context > 0 ? dim : dim - 1
  return [[least], [least + 1, least], [16, 9], [64]]
}

export const networkMembers: ReadonlyArray<NetworkMember> = [0, 2].flatMap(context => [
  ...activations.map(activation => member({ name: `mlp of ${activation}`, spec: mlp({ hidden: [9, 8], activation }), input: 3, context })),
  member({ name: 'mlp of width 1', spec: mlp({ hidden: [1], activation: 'tanh' }), input: 2, context }),
  ...[0, 2].map(blocks =>
    member({ name: `residualMlp of ${blocks} blocks`, spec: residualMlp({ width: 8, blocks, activation: 'tanh' }), input: 3, context }),
  ),
  ...[0, 2].map(blocks =>
    member({ name: `gatedResidual of ${blocks} blocks`, spec: gatedResidual({ width: 8, blocks, activation: 'tanh' }), input: 3, context }),
  ),
  ...(['elu', 'silu'] as const).map(activation =>
    member({ name: `lipschitzMlp of ${activation}`, spec: lipschitzMlp({ hidden: [9, 8], activation, constant: 2 }), input: 3, context }),
  ),
  ...[2, 3, 6].flatMap(dim =>
    madeWidths(dim, context).flatMap(hidden =>
      (['sorted', 'cyclic'] as const).map(degrees =>
        member({
          name: `made of ${hidden.join(', ')}, ${degrees}`,
          spec: made({ hidden, degrees, activation: 'tanh' }),
          input: dim,
          context,
          autoregressive: true,
        }),
      ),
    ),
  ),
  ...[2, 6].map(dim =>
    member({
      name: 'residual made',
      spec: made({ hidden: [9, 9, 9], residual: true, activation: 'tanh' }),
      input: dim,
      context,
      autoregressive: true,
    }),
  ),
  ...(context > 0
    ? [member({ name: 'made', spec: made({ hidden: [8], activation: 'tanh' }), input: 1, context, autoregressive: true })]
    : []),
])

type NetworkLaw = Law<NetworkMember>

interface Stage {
  readonly params: Params
  readonly x: Tensor
  readonly context: Tensor | undefined
  readonly run: (x: Tensor, params?: Params, context?: Context) => Tensor
}

const staged =
  (rows: number, check: (member: NetworkMember, stage: Stage) => void): NetworkLaw['check'] =>
  m => {
    const params = perturbed(m.network.init(key(1)), 2, 0.3)
    const context = m.contextWidth > 0 ? drawn([rows, m.contextWidth], 62) : undefined
    const run: Stage['run'] = (x, p = params, c = context) => m.network.apply(p, x, c)
    check(m, { params, x: drawn([rows, m.input], 61), context, run })
  }

const purity: NetworkLaw = {
  name: 'purity',
  check: staged(4, (_, { params, x, context, run }) => {
    const inputs = [x, ...leaves(params), ...(context ? [context] : [])]
    const before = inputs.map(bitsOf)
    const [one, two] = [bitsOf(allocates(1, () => run(x))), bitsOf(run(x))]
    assert(one.join() === two.join(), () => 'the same inputs gave other bits')
    assert(
      inputs.every((t, i) => bitsOf(t).join() === before[i]!.join()),
      () => 'an input changed',
    )
  }),
}

const description: NetworkLaw = {
  name: 'is what it says',
  check: staged(4, (m, { params, x, run }) => {
    assert(run(x).shape.join() === [4, m.groups, m.size].join(), () => `output of shape [${run(x).shape.join()}]`)
    assert(sameStructure(m.network.trainable, params), () => 'trainable has another structure')
    const fresh = m.network.apply(m.network.init(key(3)), x, m.contextWidth > 0 ? drawn([4, m.contextWidth], 62) : undefined)
    assert(
      values(fresh).every(v => v === 0),
      () => 'a fresh network does not give 0',
    )
  }),
}

const rowAlone: NetworkLaw = {
  name: 'a row of a batch is the row alone',
  check: staged(5, (_, { params, x, context, run }) => {
    const all = rowsOf(run(x))
    ;[0, 4].forEach(i => near(values(run(rowAt(x, i), params, context && rowAt(context, i))), all[i]!, { atol: 2e-6, rtol: 2e-6 }))
  }),
}

const nanRow: NetworkLaw = {
  name: 'NaN stays in its row and shows there',
  check: staged(3, (m, { params, x, context, run }) => {
    const clean = rowsOf(run(x))
    const judge = (out: Tensor, where: string): void => {
      const rows = rowsOf(out)
      assert(rows[1]!.some(Number.isNaN), () => `NaN in ${where} did not show`)
      ;[0, 2].forEach(i =>
        assert(
          rows[i]!.every((v, k) => v === clean[i]![k]),
          () => `NaN in ${where} changed row ${i}`,
        ),
      )
    }
    const spoilt = (t: Tensor, at: number): Tensor => edited(t, (v, i) => (i === sizeOf(t.shape.slice(1)) + at ? NaN : v))
    if (m.input > 1 || !m.autoregressive) judge(run(spoilt(x, 0)), 'x')
    if (context) judge(run(x, params, spoilt(context, 1)), 'the context')
  }),
}

const gradientInEveryLeaf: NetworkLaw = {
  name: 'a gradient in every leaf',
  check: staged(8, (_, { params, x, run }) => {
    const out = run(x)
    const grads = grad((p: Params) => sum(mul(run(x, p), drawn(out.shape, 63))))(params)
    leaves(grads).forEach((leaf, i) => {
      assert(values(leaf).every(Number.isFinite), () => `leaf ${i} is not finite`)
      assert(
        values(leaf).some(v => v !== 0),
        () => `leaf ${i} has no gradient`,
      )
    })
  }),
}

/** Whether each group of outputs moves with each input: the largest entry of the Jacobian's blocks. */
const influence = (m: NetworkMember, j: Matrix): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: m.groups }, (_, g) =>
    Array.from({ length: j.columns }, (_, k) => Math.max(...Array.from({ length: m.size }, (_, p) => Math.abs(j.get(g * m.size + p, k))))),
  )

/**
 * With positive weights no two paths cancel: an entry of the Jacobian is 0 exactly where there is no path. Output i of a masked network
 * depends on the inputs before i, each of them, and on no other; every output on the context.
 */
const connectivity: NetworkLaw = {
  name: 'connectivity',
  check: staged(2, (m, { params, x, context, run }) => {
    const positive = mapTree(leaf => add(abs(leaf), 0.05), params)
    jacobians(at => run(at, positive), mul(x, 0.1)).forEach(j =>
      influence(m, j).forEach((row, i) =>
        row.forEach((value, k) => {
          const expected = m.autoregressive ? k < i : true
          assert((value !== 0) === expected, () => `output ${i} by input ${k}: ${value}`)
        }),
      ),
    )
    if (context === undefined) return
    jacobians(at => run(x, positive, at), mul(context, 0.1)).forEach(j =>
      influence(m, j).forEach((row, i) =>
        row.forEach((value, k) => assert(value !== 0, () => `output ${i} by number ${k} of the context: 0`)),
      ),
    )
  }),
}

const contextOfOneRow: NetworkLaw = {
  name: 'a context of one row is that row repeated',
  concerns: m => m.contextWidth > 0,
  check: staged(4, (_, { params, x, context, run }) => {
    const row = rowAt(context!, 0)
    const expected = values(run(x, params, tile(row, [4, 1])))
    // at one dimension nothing but the context is read: its one row gives one row
    const got = run(x, params, row)
    near(values(got), expected.subarray(0, got.size), { atol: 2e-6, rtol: 2e-6 })
  }),
}

export const networkLaws: ReadonlyArray<NetworkLaw> = [
  purity,
  description,
  rowAlone,
  nanRow,
  gradientInEveryLeaf,
  connectivity,
  contextOfOneRow,
]
