import { chain } from './chain.ts'
import type { GradientTransformation, Schedule } from './contracts.ts'
import { scaleByAdam } from './scale-by-adam.ts'
import type { AdamOptions, ScaleByAdamState } from './scale-by-adam.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'

/** Moments, and the count of the learning rate's schedule. */
export type AdamState = readonly [ScaleByAdamState, ScaleByScheduleState]

/**
 * Adam (Kingma & Ba 2015): `scaleByAdam`, then the learning rate. Defaults b1 0.9, b2 0.999, eps 1e-8, epsRoot 0.
 *
 * @throws RangeError when b1 or b2 is outside [0, 1), or eps or epsRoot negative
 * @see https://arxiv.org/abs/1412.6980
 */
export const adam = (learningRate: number | Schedule, options: AdamOptions = {}): GradientTransformation<AdamState> =>
  chain(scaleByAdam(options), scaleByLearningRate(learningRate))
