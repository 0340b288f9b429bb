/**
 * Specs: flows as plain JSON. A spec holds no size that can be inferred; `build` infers them. The tag names an entry of a
 * registry, so that a user's own tag stands beside the built-in ones.
 */
declare const kind: unique symbol

interface Spec<Kind extends string> {
  readonly _tag: string
  /** Never present: it keeps a network from being passed where a transformer is expected. */
  readonly [kind]?: Kind
}

/** A bijector as data: its tag and the fields of that tag. */
export type BijectorSpec = Spec<'bijector'>
/** A transformer as data. */
export type TransformerSpec = Spec<'transformer'>
/** A network as data. */
export type NetworkSpec = Spec<'network'>
/** A distribution as data; a flow is one. */
export type DistributionSpec = Spec<'distribution'>
/** A spec of any of the four kinds. */
export type AnySpec = BijectorSpec | TransformerSpec | NetworkSpec | DistributionSpec
