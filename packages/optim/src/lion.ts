import { addDecayedWeights } from './add-decayed-weights.ts'
import type { AddDecayedWeightsState } from './add-decayed-weights.ts'
import { chain } from './chain.ts'
import type { GradientTransformation, Mask, Schedule } from './contracts.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import { scaleByLion } from './scale-by-lion.ts'
import type { LionOptions, ScaleByLionState } from './scale-by-lion.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'

/** The moment, the decay's state, and the count of the learning rate's schedule. */
export type LionState = readonly [ScaleByLionState, AddDecayedWeightsState, ScaleByScheduleState]

/**
 * Options of `lion`.
 *
 * @param mask  true where a leaf decays; everywhere unless given
 */
export interface LionWithDecayOptions extends LionOptions {
  readonly weightDecay?: number | Schedule
  readonly mask?: Mask
}

/**
 * Lion (Chen et al. 2023), which moves every value by the learning rate, up or down: take a learning rate 3 to 10 times below
 * Adam's. Defaults b1 0.9, b2 0.99, weightDecay 1e-3.
 *
 * @throws RangeError when b1 or b2 is outside [0, 1)
 * @see https://arxiv.org/abs/2302.06675
 */
export const lion = (
  learningRate: number | Schedule,
  { weightDecay = 1e-3, mask = true, ...options }: LionWithDecayOptions = {},
): GradientTransformation<LionState> => chain(scaleByLion(options), addDecayedWeights(weightDecay, mask), scaleByLearningRate(learningRate))
