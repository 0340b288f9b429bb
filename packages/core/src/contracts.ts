import type { Tensor } from '@tensorflow/tfjs-core'
import type { Key } from './random/key.ts'
import type { BijectorSpec, DistributionSpec, NetworkSpec, TransformerSpec } from './spec.ts'
import type { Tree } from './tree.ts'

/** The sizes of a tensor's axes. */
export type Shape = ReadonlyArray<number>

/** A tree of float32 tensors: what `init` makes, what an optimizer updates, what a file holds. */
export type Params = Tree<Tensor>

/** What a conditional flow is conditioned on: one tensor or a tree of them, each [N, ...] or [1, ...]. */
export type Context = Tree<Tensor>

/**
 * The set on which every value of an event lives by itself. A `circle` is angles in radians, [-pi, pi); `categories` are the codes
 * 0, 1, ..., count - 1, with counting measure.
 */
export type ScalarSupport =
  | { readonly _tag: 'real' }
  | { readonly _tag: 'positive' }
  | { readonly _tag: 'interval'; readonly low: number; readonly high: number }
  | { readonly _tag: 'circle' }
  | { readonly _tag: 'categories'; readonly count: number }

/**
 * The set on which a density lives: a scalar support is that of every value of the event.
 *
 *   each                 a vector whose dimension i lies on `dimensions[i]`
 *   simplex              K positive numbers that sum to 1, along the last axis; Lebesgue measure on the first K - 1
 *   ordered              numbers that rise along the last axis
 *   sphere               unit vectors along the last axis; surface measure
 *   positiveDefinite     symmetric matrices [D, D]; Lebesgue measure on the lower triangle
 *   correlationCholesky  Cholesky factors [D, D] of correlation matrices; Lebesgue measure below the diagonal
 */
export type Support =
  | ScalarSupport
  | { readonly _tag: 'each'; readonly dimensions: ReadonlyArray<ScalarSupport> }
  | { readonly _tag: 'simplex' }
  | { readonly _tag: 'ordered' }
  | { readonly _tag: 'sphere' }
  | { readonly _tag: 'positiveDefinite' }
  | { readonly _tag: 'correlationCholesky' }

/** The shape of one event (a tensor of them is [N, ...shape]) and its support. */
export interface Space {
  readonly shape: Shape
  readonly support: Support
}

/** How a direction is computed: one pass, one pass for each dimension, or until convergence. */
export type Cost = 'parallel' | 'sequential' | 'iterative'

/**
 * An invertible map between two spaces with its log-determinant: a pure function of a parameter tree.
 *
 * `forward` maps base to data, `inverse` data to base (Papamakarios et al. 2021); each returns the log |det| of the map
 * that it applied, [N]. `key` is read only by what is random.
 *
 * Rows do not see each other. A NaN in a row, or in its context, makes the row's result and log-determinant NaN; an infinity in a
 * row makes one of them NaN or infinite; no other row changes by a bit. A batch of no rows gives no rows.
 */
export interface Bijector<P extends Params = Params> {
  readonly spec: BijectorSpec
  readonly contextShape: Tree<Shape> | undefined
  readonly base: Space
  readonly data: Space
  readonly cost: { readonly forward: Cost; readonly inverse: Cost }
  readonly trainable: Tree<boolean>
  init(key: Key): P
  forward(params: P, x: Tensor, context?: Context, key?: Key): { readonly y: Tensor; readonly logDet: Tensor }
  inverse(params: P, y: Tensor, context?: Context, key?: Key): { readonly x: Tensor; readonly logDet: Tensor }
  /** Parameters set from statistics of a batch that stands on the given side: actNorm at the start of a fit. */
  adapt?(params: P, side: 'base' | 'data', batch: Tensor, context?: Context): P
  /** Parameters moved towards the statistics of a batch, in every step of a fit: batchNorm. They are not trained, and have no gradient. */
  follow?(params: P, side: 'base' | 'data', batch: Tensor, context?: Context): P
  /** The same map with a support on one side, for maps that take any, such as permutations: their own spaces say real. */
  on?(side: 'base' | 'data', support: Support): Bijector<P>
}

/**
 * An elementwise, strictly increasing map whose parameters theta [N, ...event, size] come from a conditioner (or
 * broadcast against it). theta = 0 is the identity. `logDeriv` has the shape of x.
 */
export interface Transformer<P extends Params = Params> {
  readonly spec: TransformerSpec
  readonly size: number
  readonly domain: Support
  readonly range: Support
  readonly trainable: Tree<boolean>
  /** Whether the inverse is found by iteration; false unless given. */
  readonly isIterative?: boolean
  init(key: Key): P
  forward(params: P, theta: Tensor, x: Tensor): { readonly y: Tensor; readonly logDeriv: Tensor }
  inverse(params: P, theta: Tensor, y: Tensor): { readonly x: Tensor; readonly logDeriv: Tensor }
}

/** A conditioner: [N, ...input] (and a context) to [N, ...output]. */
export interface Network<P extends Params = Params> {
  readonly spec: NetworkSpec
  readonly trainable: Tree<boolean>
  init(key: Key): P
  apply(params: P, x: Tensor, context?: Context, key?: Key): Tensor
}

/** A density over a space, with a sampler. `logProb` is [N]; `sample` is [n, ...shape] and takes a context of n rows or one. */
export interface Distribution<P extends Params = Params> {
  readonly spec: DistributionSpec
  readonly space: Space
  readonly contextShape: Tree<Shape> | undefined
  readonly trainable: Tree<boolean>
  init(key: Key): P
  logProb(params: P, x: Tensor, context?: Context, key?: Key): Tensor
  sample(params: P, key: Key, n: number, context?: Context): Tensor
  sampleAndLogProb(params: P, key: Key, n: number, context?: Context): { readonly x: Tensor; readonly logProb: Tensor }
  /** Parameters set from statistics of a batch of events: where the components of a mixture start. */
  adapt?(params: P, batch: Tensor): P
}
