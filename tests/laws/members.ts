import {
  actNorm,
  additive,
  affine,
  autoregressive,
  build,
  buildDistribution,
  chain,
  conditional,
  coupling,
  diagonalNormal,
  elementwise,
  flow,
  iaf,
  invert,
  key,
  made,
  maf,
  mlp,
  nice,
  nsf,
  permute,
  rationalQuadratic,
  realNvp,
  repeat,
  residualMlp,
  reverse,
  scale,
  standardNormal,
  uniform,
} from '@diffeo/core'
import type {
  Bijector,
  BijectorSpec,
  Context,
  Distribution,
  DistributionSpec,
  Flow,
  FlowSpec,
  Params,
  Shape,
  Sizes,
  TransformerSpec,
  Tree,
} from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { contextLike, drawn, perturbed } from './draws.ts'

/** A bijector as the laws see it: with perturbed parameters and points to stand on. */
export interface BijectorMember {
  readonly name: string
  readonly bijector: Bijector
  /** How many elementary maps lie in a row: rounding errors add up. */
  readonly layers: number
  readonly startsAtIdentity: boolean
  readonly params: () => Params
  readonly points: (n: number, side: 'base' | 'data') => Tensor
  readonly context: (n: number) => Context | undefined
}

export interface DistributionMember {
  readonly name: string
  readonly distribution: Distribution
  readonly params: () => Params
  readonly points: (n: number) => Tensor
  readonly context: (n: number) => Context | undefined
}

/** A recipe, as a flow with perturbed parameters. */
export interface FlowMember extends DistributionMember {
  readonly flow: Flow
  readonly spec: FlowSpec
  readonly mixes: boolean
}

interface Row<S> {
  readonly name: string
  readonly spec: S
  readonly layers?: number
  readonly startsAtIdentity?: boolean
  readonly dims?: ReadonlyArray<Shape>
  readonly contexts?: ReadonlyArray<Tree<Shape> | undefined>
  /** Standard deviation of the noise on the parameters. */
  readonly spread?: number
}

/** The half-width of every spline in the table: small, so that points fall on both sides of it. */
export const splineBound = 3

const spline = rationalQuadratic({ bins: 4, bound: splineBound })
const net = mlp({ hidden: [7], activation: 'tanh' })
const masked = made({ hidden: [7], activation: 'tanh' })

const vectors: ReadonlyArray<Shape> = [[1], [2], [3], [6]]
const one: ReadonlyArray<Shape> = [[3]]
const anyShape: ReadonlyArray<Shape> = [...vectors, [2, 2]]
const none = [undefined]
const both = [undefined, [2]]

const transformers: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ['additive', additive()],
  ['affine', affine()],
  ['scale', scale()],
  ['rationalQuadratic', spline],
]
/** The other ways in which numbers become scales and knots: at one size each. */
const variants: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ...(['exp', 'softplus', 'sigmoid', 'tanh'] as const).map(map => [`affine ${map}`, affine({ scale: map })] as const),
  ...(['softclip', 'softplus', 'sigmoid', 'tanh'] as const).map(map => [`scale ${map}`, scale({ scale: map })] as const),
  ...(['softmax', 'distrax'] as const).map(
    knots => [`rationalQuadratic ${knots}`, rationalQuadratic({ bins: 4, bound: splineBound, knots })] as const,
  ),
]

const named = (name: string): boolean => name.startsWith('rationalQuadratic softmax')

const onTransformer = ([name, t]: readonly [string, TransformerSpec], dims: ReadonlyArray<Shape>): ReadonlyArray<Row<BijectorSpec>> => {
  const startsAtIdentity = !named(name)
  const vectorsOnly = dims.filter(shape => shape.length === 1)
  return [
    { name: `elementwise(${name})`, spec: elementwise(t), dims, startsAtIdentity, spread: 1, contexts: none },
    { name: `conditional(${name})`, spec: conditional(net, t), dims, startsAtIdentity, contexts: [[2]] },
    { name: `coupling(${name})`, spec: coupling(net, t), dims: vectorsOnly, startsAtIdentity },
    { name: `autoregressive(${name})`, spec: autoregressive(masked, t), dims: vectorsOnly, startsAtIdentity },
  ]
}

const layered = chain(coupling(net, spline), permute({ seed: 3 }), autoregressive(masked, affine()), actNorm())

const bijectorRows: ReadonlyArray<Row<BijectorSpec>> = [
  ...transformers.flatMap(t => onTransformer(t, anyShape)),
  ...variants.flatMap(t =>
    onTransformer(t, one)
      .filter(row => /^(elementwise|coupling)/.test(row.name))
      .map(row => ({ ...row, contexts: row.contexts ?? [[2]] })),
  ),
  { name: 'permute', spec: permute({ seed: 1 }), contexts: none },
  { name: 'permute in an order', spec: permute([2, 0, 1]), dims: one, contexts: none },
  { name: 'reverse', spec: reverse(), contexts: none },
  { name: 'actNorm', spec: actNorm(), dims: anyShape, startsAtIdentity: true, contexts: none },
  { name: 'chain', spec: layered, layers: 4 },
  { name: 'chain of none', spec: chain(), startsAtIdentity: true, dims: anyShape, contexts: none },
  { name: 'invert(coupling)', spec: invert(coupling(net, spline)), startsAtIdentity: true },
  { name: 'invert(autoregressive)', spec: invert(autoregressive(masked, spline)), startsAtIdentity: true },
  { name: 'invert(chain)', spec: invert(layered), layers: 4 },
  { name: 'repeat', spec: repeat(2, chain(coupling(net, affine(), { mask: 'even' }), reverse())), layers: 2, startsAtIdentity: true },
  ...(['even', 'odd', { split: 2 }, [false, true, false]] as const).map(mask => ({
    name: `coupling with mask ${JSON.stringify(mask)}`,
    spec: coupling(net, affine(), { mask }),
    dims: one,
    startsAtIdentity: true,
  })),
  {
    name: 'coupling by a residual network',
    spec: coupling(residualMlp({ width: 6, activation: 'silu' }), affine()),
    dims: one,
    startsAtIdentity: true,
  },
  {
    name: 'autoregressive by a residual made',
    spec: autoregressive(made({ hidden: [7, 7], residual: true, activation: 'elu' }), spline),
    dims: one,
    startsAtIdentity: true,
  },
  {
    name: 'autoregressive by a cyclic made',
    spec: autoregressive(made({ hidden: [7, 6], degrees: 'cyclic', activation: 'softplus' }), affine()),
    dims: one,
    startsAtIdentity: true,
  },
  ...(['relu', 'leakyRelu'] as const).map(activation => ({
    name: `coupling by a network of ${activation}`,
    spec: coupling(mlp({ hidden: [7, 5], activation }), affine()),
    dims: one,
    startsAtIdentity: true,
  })),
  {
    name: 'coupling given a tree of contexts',
    spec: coupling(net, affine()),
    dims: one,
    contexts: [{ image: [2, 2], scalars: [[1], []] }],
    startsAtIdentity: true,
  },
]

const nets = { hidden: [7], activation: 'tanh' } as const
const splines = { ...nets, bins: 4, bound: splineBound }

/** The recipes, with the fewest layers that mix and with the default number, orders reversed and random. */
const recipeRows: ReadonlyArray<Row<FlowSpec> & { readonly mixes?: boolean }> = [
  { name: 'nice', spec: nice(nets), layers: 5 },
  { name: 'nice of 3 layers', spec: nice({ ...nets, layers: 3 }), layers: 4 },
  { name: 'realNvp', spec: realNvp(nets), layers: 8 },
  { name: 'realNvp of 3 layers', spec: realNvp({ ...nets, layers: 3 }), layers: 3 },
  { name: 'maf', spec: maf(nets), layers: 5 },
  { name: 'maf of 2 layers', spec: maf({ ...nets, layers: 2 }), layers: 2 },
  { name: 'maf of 1 layer', spec: maf({ ...nets, layers: 1 }), layers: 1, mixes: false },
  { name: 'maf with a seed', spec: maf({ ...nets, seed: 0 }), layers: 5 },
  { name: 'iaf', spec: iaf(nets), layers: 5 },
  { name: 'iaf with a seed', spec: iaf({ ...nets, layers: 3, seed: 1 }), layers: 3 },
  { name: 'nsf', spec: nsf(splines), layers: 5 },
  { name: 'nsf of 3 layers with a seed', spec: nsf({ ...splines, layers: 3, seed: 0 }), layers: 3 },
  { name: 'nsf with a seed', spec: nsf({ ...splines, seed: 0 }), layers: 5 },
  { name: 'autoregressive nsf', spec: nsf({ ...splines, layers: 3, autoregressive: true }), layers: 3 },
]

const distributionRows: ReadonlyArray<Row<DistributionSpec>> = [
  { name: 'standardNormal', spec: standardNormal(), dims: anyShape, contexts: none },
  { name: 'diagonalNormal', spec: diagonalNormal(), dims: anyShape, contexts: none },
  { name: 'uniform', spec: uniform({ low: -5, high: 6 }), dims: anyShape, contexts: none },
  {
    name: 'flow from a diagonal normal',
    spec: flow({ base: diagonalNormal(), bijector: invert(coupling(net, affine())) }),
  },
  { name: 'flow from a uniform', spec: flow({ base: uniform({ low: -5, high: 6 }), bijector: elementwise(affine()) }), contexts: none },
]

const label = (name: string, { event, context }: Sizes): string =>
  `${name}, D = ${event.join(' x ')}${context === undefined ? '' : ', given a context'}`

const expanded = <S, M>(rows: ReadonlyArray<Row<S>>, member: (row: Row<S>, name: string, sizes: Sizes) => M): ReadonlyArray<M> =>
  rows.flatMap(row =>
    (row.dims ?? vectors).flatMap(event =>
      (row.contexts ?? both).map(context => {
        const sizes = context === undefined ? { event } : { event, context }
        return member(row, label(row.name, sizes), sizes)
      }),
    ),
  )

/** Points and contexts for the laws: normal numbers, keyed. */
const places = ({ event, context }: Sizes) => ({
  points: (n: number): Tensor => drawn([n, ...event], 11, 1.5),
  context: (n: number): Context | undefined => (context === undefined ? undefined : contextLike(context, n, 12)),
})

export const bijectorMember = (
  name: string,
  bijector: Bijector,
  sizes: Sizes,
  { layers = 1, startsAtIdentity = false, spread = 0.4 }: Partial<Row<unknown>> = {},
): BijectorMember => ({
  name,
  bijector,
  layers,
  startsAtIdentity,
  params: () => perturbed(bijector.init(key(1)), 2, spread),
  ...places(sizes),
})

export const bijectorMembers: ReadonlyArray<BijectorMember> = expanded(bijectorRows, (row, name, sizes) => {
  const { bijector } = build(flow({ base: standardNormal(), bijector: row.spec }), sizes)
  return bijectorMember(name, bijector, sizes, row)
})

/** Each structure once: three dimensions, given a context where it takes one. */
const representative = <M extends { readonly name: string }>(members: ReadonlyArray<M>): ReadonlyArray<M> =>
  members.filter(
    ({ name }) => /, D = 3(,|$)/.test(name) && (name.includes('given') || !members.some(other => other.name.startsWith(`${name}, given`))),
  )

const variantNames = variants.map(([name]) => `(${name})`)

export const representativeBijectorMembers: ReadonlyArray<BijectorMember> = representative(bijectorMembers).filter(
  ({ name }) => !variantNames.some(variant => name.includes(variant)),
)

const distributionMember = (name: string, distribution: Distribution, sizes: Sizes, spread = 0.3): DistributionMember => ({
  name,
  distribution,
  params: () => perturbed(distribution.init(key(1)), 2, spread),
  ...places(sizes),
})

export const distributionMembers: ReadonlyArray<DistributionMember> = expanded(distributionRows, (row, name, sizes) =>
  distributionMember(name, buildDistribution(row.spec, sizes), sizes),
)

/** A flow that a law is to be checked on, by whatever name. */
export const flowMember = (name: string, spec: FlowSpec, sizes: Sizes, mixes = true): FlowMember => {
  const built = build(spec, sizes)
  return { ...distributionMember(name, built as Distribution, sizes), flow: built, spec, mixes }
}

export const flowMembers: ReadonlyArray<FlowMember> = expanded(recipeRows, (row, name, sizes) =>
  flowMember(name, row.spec, sizes, (row as { readonly mixes?: boolean }).mixes ?? true),
)

const deep = new Set(['nice', 'realNvp', 'maf', 'iaf', 'nsf', 'autoregressive nsf'])

/** One of each recipe. */
export const deepFlowMembers: ReadonlyArray<FlowMember> = flowMembers.filter(member => deep.has(member.name.replace(/, D = .*/, '')))

/** The bijectors of the recipes, for the laws of bijectors: one of each recipe, each size once. */
export const recipeBijectorMembers: ReadonlyArray<BijectorMember> = expanded(
  recipeRows
    .filter(row => deep.has(row.name))
    .flatMap(row => [
      { ...row, dims: [[1], [6]], contexts: none },
      { ...row, dims: one, contexts: [[2]] },
    ]),
  (row, name, sizes) => bijectorMember(name, build(row.spec, sizes).bijector, sizes, { layers: row.layers ?? 1, spread: 0.3 }),
)

/** One of each recipe at one size, as flows and as bijectors. */
export const representativeFlowMembers: ReadonlyArray<FlowMember> = representative(deepFlowMembers)
export const representativeDistributionMembers: ReadonlyArray<DistributionMember> = representative(distributionMembers)
export const representativeRecipeBijectorMembers: ReadonlyArray<BijectorMember> = representative(recipeBijectorMembers)
