import { chain } from './chain.ts'
import type { GradientTransformation, Schedule } from './contracts.ts'
import { scaleByAmsgrad } from './scale-by-amsgrad.ts'
import type { AmsgradOptions, ScaleByAmsgradState } from './scale-by-amsgrad.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'

/** Moments, and the count of the learning rate's schedule. */
export type AmsgradState = readonly [ScaleByAmsgradState, ScaleByScheduleState]

/**
 * AMSGrad (Reddi et al. 2018): `scaleByAmsgrad`, then the learning rate. Defaults as Adam's.
 *
 * @throws RangeError when b1 or b2 is outside [0, 1), or eps or epsRoot negative
 * @see https://openreview.net/forum?id=ryQu7f-RZ
 */
export const amsgrad = (learningRate: number | Schedule, options: AmsgradOptions = {}): GradientTransformation<AmsgradState> =>
  chain(scaleByAmsgrad(options), scaleByLearningRate(learningRate))
