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

export type BijectorSpec = Spec<'bijector'>
export type TransformerSpec = Spec<'transformer'>
export type NetworkSpec = Spec<'network'>
export type DistributionSpec = Spec<'distribution'>
export type AnySpec = BijectorSpec | TransformerSpec | NetworkSpec | DistributionSpec
