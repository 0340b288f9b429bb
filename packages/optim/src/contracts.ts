import type { Params, Tree } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/**
 * A step of gradient processing, as in optax: a pure pair of functions over trees. An optimizer is a chain of them.
 *
 * The state is a plain tree of float32 tensors, moments having the structure of the parameters: it can be saved, sent and
 * restored like parameters. Step counts are float32 scalars, exact up to 2^24 steps, where they stay. `update` is traceable
 * (tensors in, tensors out, no value is read), allocates exactly the leaves that it returns, and leaves its arguments alone.
 */
export interface GradientTransformation<S extends Params = Params> {
  init(params: Params): S
  update(grads: Params, state: S, params: Params): Transformed<S>
}

/** What `update` returns: the transformed gradients, to be added to the parameters in the end, and the next state. */
export interface Transformed<S extends Params = Params> {
  readonly updates: Params
  readonly state: S
}

/** The state of a transformation that keeps none. */
export type EmptyState = readonly []

/** A hyperparameter as a function of the number of updates before this one: a float32 scalar to a float32 scalar. */
export type Schedule = (count: Tensor) => Tensor

/**
 * Which leaves a transformation concerns: a tree of booleans, or a function from the parameters to one. A boolean in the
 * place of a branch speaks for all of its leaves, so `true` and `{ base: false, bijector: true }` are masks.
 */
export type Mask = Tree<boolean> | ((params: Params) => Tree<boolean>)
