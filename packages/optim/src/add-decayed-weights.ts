import { handle, tidy } from '@diffeo/core'
import { add, mul, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation, Mask, Schedule } from './contracts.ts'
import { leafAt, leafwise } from './leafwise.ts'
import { maskOf } from './mask.ts'
import { asSchedule } from './scale-by-schedule.ts'

/** `count`: the number of updates so far. */
export type AddDecayedWeightsState = { readonly count: Tensor }

/**
 * Adds the decay of the weights to the gradients: g + weightDecay p. Behind Adam's scaling it is AdamW's decoupled decay
 * (Loshchilov & Hutter 2019).
 *
 * @param mask  true where a leaf decays; everywhere unless given
 * @throws TypeError (from update) when the mask does not fit the parameters
 * @see https://arxiv.org/abs/1711.05101
 */
export const addDecayedWeights = (weightDecay: number | Schedule, mask: Mask = true): GradientTransformation<AddDecayedWeightsState> => {
  const who = 'addDecayedWeights'
  const schedule = asSchedule(who, weightDecay)
  return {
    init: () => ({ count: scalar(0) }),
    update: (grads, { count }, params) =>
      tidy(() => {
        const strength = schedule(count)
        const decays = maskOf(who, mask, params)
        const updates = leafwise(who, { grads, params }, ({ grads: g, params: p }, path) =>
          leafAt(decays, path) ? add(g, mul(strength, p)) : handle(g),
        )
        return { updates, state: { count: add(count, 1) } }
      }),
  }
}
