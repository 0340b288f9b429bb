import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation, Mask } from './contracts.ts'
import { leafwise } from './leafwise.ts'
import { maskOf, merge, prune } from './mask.ts'
import { setToZero, zeroUpdate } from './set-to-zero.ts'

/** `inner`: the inner transformation's state, with an empty list in the place of each leaf that is masked out. */
export type MaskedState<S extends Params = Params> = { readonly inner: S }

/**
 * Applies `inner` to the leaves whose mask is true and passes the other gradients through. For `inner` the others do not exist:
 * they have no state and do not count in its norms.
 *
 * @throws TypeError (from init and update) when the mask does not fit the parameters
 * @example masked(scale(0.1), { base: false, bijector: true })
 */
export const masked = <S extends Params>(inner: GradientTransformation<S>, mask: Mask): GradientTransformation<MaskedState<S>> =>
  partial('masked', inner, mask)

/**
 * Updates the leaves whose mask is true by `inner` and keeps the others, bit for bit: `masked`, with updates of zero elsewhere.
 * It should stand outermost, around the whole optimizer; its mask is what a flow calls `trainable`.
 *
 * @throws TypeError (from init and update) when the mask does not fit the parameters
 * @example trainOnly(adamw(1e-3), flow.trainable)
 */
export const trainOnly = <S extends Params>(inner: GradientTransformation<S>, mask: Mask): GradientTransformation<MaskedState<S>> =>
  partial('trainOnly', inner, mask, zeroUpdate)

/**
 * Sets the updates of the leaves whose mask is true to zero: as the last of a chain it keeps them as they are. The
 * transformations before it still see their gradients; `trainOnly` hides them.
 *
 * @throws TypeError (from init and update) when the mask does not fit the parameters
 * @example chain(adam(1e-3), freeze({ base: true, bijector: false }))
 */
export const freeze = (mask: Mask): GradientTransformation<MaskedState<readonly []>> => masked(setToZero(), mask)

const partial = <S extends Params>(
  who: string,
  inner: GradientTransformation<S>,
  mask: Mask,
  otherwise?: (grad: Tensor) => Tensor,
): GradientTransformation<MaskedState<S>> => ({
  init: params => tidy(() => ({ inner: inner.init(prune(maskOf(who, mask, params), params)) })),
  update: (grads, state, params) =>
    tidy(() => {
      const chosen = maskOf(who, mask, params)
      const checked = leafwise(who, { params, grads }, ({ grads: g }) => g)
      const { updates, state: next } = inner.update(prune(chosen, checked), state.inner, prune(chosen, params))
      return { updates: merge(chosen, updates, checked, otherwise), state: { inner: next } }
    }),
})
