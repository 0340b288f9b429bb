import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, scalar, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { allFinite } from './all-finite.ts'
import type { GradientTransformation } from './contracts.ts'
import { leafwise } from './leafwise.ts'
import { selector } from './select.ts'
import { zeroUpdate } from './set-to-zero.ts'

/** `skipped`: how many updates were refused so far; `inner`: the inner state, untouched by those. */
export type SkipNonFiniteState<S extends Params = Params> = { readonly skipped: Tensor; readonly inner: S }

/**
 * Refuses a bad step: when a gradient is not finite, or `inner` would give an update or a state that is not (a squared gradient
 * of 1e20 overflows), the updates are zero, and parameters and inner state stay the same bit for bit. However many bad
 * steps follow each other, none is accepted (optax's apply_if_finite lets one through in the end): watch `skipped`.
 *
 * @example skipNonFinite(chain(clipByGlobalNorm(5), adam(1e-3)))
 */
export const skipNonFinite = <S extends Params>(inner: GradientTransformation<S>): GradientTransformation<SkipNonFiniteState<S>> => ({
  init: params => tidy(() => ({ skipped: scalar(0), inner: inner.init(params) })),
  update: (grads, state, params) =>
    tidy(() => {
      const { updates, state: proposed } = inner.update(grads, state.inner, params)
      const good = allFinite([grads, updates, proposed])
      const choose = selector(good)
      const kept = leafwise('skipNonFinite', { proposed, current: state.inner }, leaf => choose(leaf.proposed, leaf.current))
      return {
        updates: leafwise('skipNonFinite', { grads, updates }, leaf => choose(leaf.updates, zeroUpdate(leaf.updates))),
        // leafwise keeps the structure, and S is a structure of tensors
        state: { skipped: add(state.skipped, where(good, 0, 1)), inner: kept as S },
      }
    }),
})
