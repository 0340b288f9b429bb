import type { Bijector, Distribution, Network, Shape, Support, Transformer } from './contracts.ts'
import type { AnySpec, BijectorSpec, DistributionSpec, NetworkSpec, TransformerSpec } from './spec.ts'
import type { Path, Tree } from './tree.ts'

/** What a spec's codec must offer here; io-ts codecs do. `@diffeo/codec` uses it to read the tag's fields from a file. */
export interface SpecCodec {
  readonly name: string
  decode(u: unknown): unknown
}

/** What is known where a spec is built: the context, the way to it, and how to build what it holds. */
export interface Site {
  readonly context: Tree<Shape> | undefined
  readonly path: Path
  readonly builder: Builder
}
/** The event shape is known on one side of a bijector; it infers the other. */
export interface BijectorSite extends Site {
  readonly shape: Shape
  readonly side: 'base' | 'data'
}
/** Which dimensions of the event vector a transformer is applied to, out of how many; unknown where the event is no vector. */
export interface TransformerSite extends Site {
  readonly dimensions?: { readonly of: number; readonly at: ReadonlyArray<number> }
}
/** For each of D dimensions whether it depends on each of D dimensions, and on each number of a context: [D, D + C]. */
export type Adjacency = ReadonlyArray<ReadonlyArray<boolean>>
/**
 * [N, ...input] to [N, ...output]. With `autoregressive`, output i may depend on inputs before i alone; with an `adjacency` [D, D + C], on the inputs
 * and numbers of the context that its row i says.
 */
export interface NetworkSite extends Site {
  readonly input: Shape
  readonly output: Shape
  readonly autoregressive: boolean
  /** What the inputs lie on, where it is known: angles among them, for instance. */
  readonly support?: Support
  readonly adjacency?: Adjacency
}
/** The event shape that a distribution is built for. */
export interface DistributionSite extends Site {
  readonly shape: Shape
}

/** Builds the specs that a spec holds; an entry gets it with its site. */
export interface Builder {
  bijector(spec: BijectorSpec, site: Omit<BijectorSite, 'builder'>): Bijector
  transformer(spec: TransformerSpec, site: Omit<TransformerSite, 'builder'>): Transformer
  network(spec: NetworkSpec, site: Omit<NetworkSite, 'builder'>): Network
  distribution(spec: DistributionSpec, site: Omit<DistributionSite, 'builder'>): Distribution
}

/** One tag: how its spec is read and how it is built. */
export interface Entry<S extends AnySpec, At extends Site, Built> {
  readonly tag: string
  readonly codec?: SpecCodec
  build(spec: S, site: At): Built
}
/** A tag of a bijector. */
export type BijectorEntry<S extends BijectorSpec = BijectorSpec> = Entry<S, BijectorSite, Bijector>
/** A tag of a transformer. */
export type TransformerEntry<S extends TransformerSpec = TransformerSpec> = Entry<S, TransformerSite, Transformer>
/** A tag of a network. */
export type NetworkEntry<S extends NetworkSpec = NetworkSpec> = Entry<S, NetworkSite, Network>
/** A tag of a distribution. */
export type DistributionEntry<S extends DistributionSpec = DistributionSpec> = Entry<S, DistributionSite, Distribution>

/** The tags that `build` and the codecs know, by kind. A value: `register` returns a new one. */
export interface Registry {
  readonly bijector: { readonly [tag: string]: BijectorEntry }
  readonly transformer: { readonly [tag: string]: TransformerEntry }
  readonly network: { readonly [tag: string]: NetworkEntry }
  readonly distribution: { readonly [tag: string]: DistributionEntry }
}

interface Additions {
  readonly bijector?: ReadonlyArray<BijectorEntry>
  readonly transformer?: ReadonlyArray<TransformerEntry>
  readonly network?: ReadonlyArray<NetworkEntry>
  readonly distribution?: ReadonlyArray<DistributionEntry>
}

/**
 * A registry with more tags.
 *
 * @throws RangeError when a tag is already there
 * @example register(builtins, { bijector: [{ tag: 'mine', codec, build }] })
 */
export const register = (registry: Registry, additions: Additions): Registry => ({
  bijector: extended(registry.bijector, additions.bijector, 'bijector'),
  transformer: extended(registry.transformer, additions.transformer, 'transformer'),
  network: extended(registry.network, additions.network, 'network'),
  distribution: extended(registry.distribution, additions.distribution, 'distribution'),
})

const extended = <E extends { readonly tag: string }>(
  known: { readonly [tag: string]: E },
  more: ReadonlyArray<E> = [],
  kind: string,
): { readonly [tag: string]: E } => {
  const taken = more.find((entry, i) => Object.hasOwn(known, entry.tag) || more.findIndex(e => e.tag === entry.tag) < i)
  if (taken) throw new RangeError(`register: expected a new ${kind} tag, got '${taken.tag}', which is already registered`)
  return { ...known, ...Object.fromEntries(more.map(entry => [entry.tag, entry])) }
}
