import { build, buildBijector, buildDistribution, key } from '@diffeo/core'
import type { Bijector, BijectorSpec, Context, Distribution, DistributionSpec, Flow, FlowSpec, Params, Sizes } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { contextLike, perturbed, pointsIn } from './draws.ts'
import { distributionRows } from './rows/distributions.ts'
import { recipeRows } from './rows/recipes.ts'
import type { RecipeRow } from './rows/recipes.ts'
import { both, none, one, vectors } from './rows/row.ts'
import type { Row } from './rows/row.ts'
import { structureRows, variants } from './rows/structures.ts'

/** A bijector as the laws see it: with perturbed parameters and points to stand on. */
export interface BijectorMember {
  readonly name: string
  readonly bijector: Bijector
  /** How many elementary maps lie in a row: rounding errors add up. */
  readonly layers: number
  readonly startsAtIdentity: boolean
  /** Other numbers for each draw; the first unless said. */
  readonly params: (draw?: number) => Params
  readonly points: (n: number, side: 'base' | 'data', draw?: number) => Tensor
  readonly context: (n: number, draw?: number) => Context | undefined
}

export interface DistributionMember {
  readonly name: string
  readonly distribution: Distribution
  /** Other numbers for each draw, `factor` times as far from where they start; the first draw unless said. */
  readonly params: (draw?: number, factor?: number) => Params
  readonly points: (n: number, draw?: number) => Tensor
  readonly context: (n: number, draw?: number) => Context | undefined
}

/** A recipe, as a flow with perturbed parameters. */
export interface FlowMember extends DistributionMember {
  readonly flow: Flow
  readonly spec: FlowSpec
  readonly mixes: boolean
  /** Unless said, fresh parameters are the base. */
  readonly startsAtBase?: boolean
}

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

/** Contexts for the laws: normal numbers, keyed. */
const contextOf =
  ({ context }: Sizes) =>
  (n: number, draw = 0): Context | undefined =>
    context === undefined ? undefined : contextLike(context, n, 12 + apart * draw)

/** The seeds of one draw lie so far from those of the next. */
const apart = 100_000

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
  params: (draw = 0) => perturbed(bijector.init(key(1 + draw)), 2 + apart * draw, spread),
  points: (n, side, draw = 0) => pointsIn(bijector[side], n, 11 + apart * draw),
  context: contextOf(sizes),
})

/** The bijectors of some rows, once for each of their sizes. */
export const bijectorMembersOf = (rows: ReadonlyArray<Row<BijectorSpec>>): ReadonlyArray<BijectorMember> =>
  expanded(rows, (row, name, sizes) => bijectorMember(name, buildBijector(row.spec, sizes), sizes, row))

export const bijectorMembers: ReadonlyArray<BijectorMember> = bijectorMembersOf(structureRows)

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
  params: (draw = 0, factor = 1) => perturbed(distribution.init(key(1 + draw)), 2 + apart * draw, spread * factor),
  points: (n, draw = 0) => pointsIn(distribution.space, n, 11 + apart * draw),
  context: contextOf(sizes),
})

/** The distributions of some rows, once for each of their sizes. */
export const distributionMembersOf = (rows: ReadonlyArray<Row<DistributionSpec>>): ReadonlyArray<DistributionMember> =>
  expanded(rows, (row, name, sizes) => distributionMember(name, buildDistribution(row.spec, sizes), sizes))

export const distributionMembers: ReadonlyArray<DistributionMember> = distributionMembersOf(distributionRows)

/** A flow that a law is to be checked on, by whatever name. */
export const flowMember = (name: string, spec: FlowSpec, sizes: Sizes, mixes = true): FlowMember => {
  const built = build(spec, sizes)
  return { ...distributionMember(name, built as Distribution, sizes), flow: built, spec, mixes }
}

/** The flows of some rows, once for each of their sizes. */
export const flowMembersOf = (rows: ReadonlyArray<RecipeRow>): ReadonlyArray<FlowMember> =>
  expanded(rows, (row, name, sizes) => flowMember(name, row.spec, sizes, (row as RecipeRow).mixes ?? true))

/** The bijectors of the flows of some rows, for the laws of bijectors. */
export const bijectorMembersOfFlows = (rows: ReadonlyArray<RecipeRow>): ReadonlyArray<BijectorMember> =>
  expanded(rows, (row, name, sizes) =>
    bijectorMember(name, build(row.spec, sizes).bijector, sizes, { layers: row.layers ?? 1, spread: 0.3 }),
  )

export const flowMembers: ReadonlyArray<FlowMember> = expanded(recipeRows, (row, name, sizes) =>
  flowMember(name, row.spec, sizes, (row as RecipeRow).mixes ?? true),
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
