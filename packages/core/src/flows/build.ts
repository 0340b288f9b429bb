import type { Bijector, Distribution, Network, Shape, Transformer } from '../contracts.ts'
import type { Builder, Entry, Registry, Site } from '../registry.ts'
import type { AnySpec, BijectorSpec, DistributionSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { showShape } from '../support.ts'
import { shapeLeaves } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Path, Tree } from '../tree.ts'
import { builtins } from './builtins.ts'
import type { Flow } from './flow.ts'

/** The sizes that a spec leaves open. */
export interface Sizes {
  /** The shape of one row of data: [D] for a table of D columns. */
  readonly event: Shape
  /** The shape of one row of what it is conditioned on, or a tree of shapes. */
  readonly context?: Tree<Shape>
}

/** More layers than this is a mistake in a file, not a flow. */
const mostNodes = 10_000
const deepest = 100

/**
 * A flow from its spec: infers every size, draws nothing, allocates nothing.
 *
 * @param spec     from `flow`, a recipe, or a file
 * @param sizes    the shapes of one row of data and of context
 * @param registry the tags that are known; add your own with `register`
 * @throws RangeError naming the path of what does not fit, such as `bijector.bijectors[2].conditioner.hidden`
 * @example build(nsf({ layers: 5 }), { event: [6], context: [2] })
 */
export const build = (spec: FlowSpec, sizes: Sizes, registry: Registry = builtins): Flow => {
  checkSizes(sizes)
  const site = { context: sizes.context, path: [], shape: sizes.event }
  const built = builderOf(registry).distribution(spec, site)
  if (!isFlow(built))
    throw new TypeError(`build: expected a flow, got the distribution '${spec._tag}'; wrap it with flow({ base, bijector })`)
  return built
}

/**
 * A distribution of any tag from its spec.
 *
 * @throws RangeError naming the path of what does not fit
 */
export const buildDistribution = (spec: DistributionSpec, sizes: Sizes, registry: Registry = builtins): Distribution => {
  checkSizes(sizes)
  return builderOf(registry).distribution(spec, { context: sizes.context, path: [], shape: sizes.event })
}

/**
 * A bijector of any tag from its spec, without a base distribution.
 *
 * @param sizes.side the side that `event` is the shape of; 'data' unless given
 * @throws RangeError naming the path of what does not fit
 * @example buildBijector(coupling(mlp(), affine()), { event: [3] })
 */
export const buildBijector = (
  spec: BijectorSpec,
  { side = 'data', ...sizes }: Sizes & { readonly side?: 'base' | 'data' },
  registry: Registry = builtins,
): Bijector => {
  checkSizes(sizes)
  return builderOf(registry).bijector(spec, { context: sizes.context, path: [], shape: sizes.event, side })
}

const isFlow = (d: Distribution): d is Flow => 'bijector' in d && 'toBase' in d

const builderOf = (registry: Registry): Builder => {
  let nodes = 0
  const built = <S extends AnySpec, At extends Omit<Site, 'builder'>, Built>(
    kind: keyof Registry,
    entries: { readonly [tag: string]: Entry<S, At & Site, Built> },
    spec: S,
    site: At,
  ): Built => {
    nodes += 1
    if (nodes > mostNodes) throw new RangeError(`build: expected at most ${mostNodes} layers, got more at ${showPath(site.path)}`)
    if (site.path.length > deepest)
      throw new RangeError(`build: expected specs at most ${deepest} deep, got deeper at ${showPath(site.path.slice(0, 6))}...`)
    return entryOf(kind, entries, spec, site.path).build(spec, { ...site, builder })
  }
  const builder: Builder = {
    bijector: (spec, site): Bijector => built('bijector', registry.bijector, spec, site),
    transformer: (spec, site): Transformer => built('transformer', registry.transformer, spec, site),
    network: (spec, site): Network => built('network', registry.network, spec, site),
    distribution: (spec, site): Distribution => built('distribution', registry.distribution, spec, site),
  }
  return builder
}

const entryOf = <E>(kind: string, entries: { readonly [tag: string]: E }, spec: AnySpec, path: Path): E => {
  const tag: unknown = (spec as AnySpec | undefined)?._tag
  if (typeof tag === 'string' && Object.hasOwn(entries, tag)) return entries[tag]!
  const known = Object.keys(entries).sort().join(', ')
  throw new RangeError(`build: expected a ${kind}, one of ${known}, got ${JSON.stringify(tag)} at ${showPath([...path, '_tag'])}`)
}

/** A list of sizes, or a list or record, not empty, of such. */
const isShapes = (tree: unknown): boolean => {
  if (typeof tree !== 'object' || tree === null) return false
  if (Array.isArray(tree) && tree.every(size => typeof size === 'number')) return true
  const children: ReadonlyArray<unknown> = Object.values(tree)
  return children.length > 0 && children.every(isShapes)
}

const checkSizes = ({ event, context }: Sizes): void => {
  const whole = (shape: Shape): boolean => shape.every(size => Number.isSafeInteger(size) && size >= 1)
  if (!Array.isArray(event) || event.length === 0 || !whole(event))
    throw new RangeError(
      `build: expected an event shape of positive integers, got ${Array.isArray(event) ? showShape(event) : String(event)}`,
    )
  if (context === undefined) return
  if (!isShapes(context)) throw new RangeError(`build: expected a context shape or a tree of shapes, got ${JSON.stringify(context)}`)
  shapeLeaves(context).forEach(([at, shape]) => {
    if (!whole(shape)) throw new RangeError(`build: expected ${at} to be a shape of positive integers, got ${showShape(shape)}`)
  })
}
