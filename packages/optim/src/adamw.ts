import { addDecayedWeights } from './add-decayed-weights.ts'
import type { AddDecayedWeightsState } from './add-decayed-weights.ts'
import { chain } from './chain.ts'
import type { GradientTransformation, Mask, Schedule } from './contracts.ts'
import { scaleByAdam } from './scale-by-adam.ts'
import type { AdamOptions, ScaleByAdamState } from './scale-by-adam.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'

/** Moments, the decay's state, and the count of the learning rate's schedule. */
export type AdamwState = readonly [ScaleByAdamState, AddDecayedWeightsState, ScaleByScheduleState]

/**
 * Options of `adamw`.
 *
 * @param mask  true where a leaf decays; everywhere unless given
 */
export interface AdamwOptions extends AdamOptions {
  readonly weightDecay?: number | Schedule
  readonly mask?: Mask
}

/**
 * AdamW, Adam with decoupled weight decay (Loshchilov & Hutter 2019). The decay is multiplied by the learning rate; its
 * default is 1e-4.
 *
 * @throws RangeError when b1 or b2 is outside [0, 1), or eps or epsRoot negative
 * @see https://arxiv.org/abs/1711.05101
 */
export const adamw = (
  learningRate: number | Schedule,
  { weightDecay = 1e-4, mask = true, ...options }: AdamwOptions = {},
): GradientTransformation<AdamwState> =>
  chain(scaleByAdam(options), addDecayedWeights(weightDecay, mask), scaleByLearningRate(learningRate))
