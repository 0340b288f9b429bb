import { chain } from './chain.ts'
import type { EmptyState, GradientTransformation, Schedule } from './contracts.ts'
import { identity } from './identity.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import { scaleByRms } from './scale-by-rms.ts'
import type { RmsOptions, ScaleByRmsState } from './scale-by-rms.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'
import { scaleByStddev } from './scale-by-stddev.ts'
import type { ScaleByStddevState } from './scale-by-stddev.ts'
import { trace } from './trace.ts'
import type { TraceState } from './trace.ts'

/** Moments, the count of the learning rate's schedule, and the momentum's trace where there is one. */
export type RmspropState = readonly [ScaleByRmsState | ScaleByStddevState, ScaleByScheduleState, TraceState | EmptyState]

/**
 * Options of `rmsprop`.
 *
 * @param momentum  none unless given; it runs over the steps, behind the learning rate
 */
export interface RmspropOptions extends RmsOptions {
  readonly centered?: boolean
  readonly momentum?: number
  readonly nesterov?: boolean
}

/**
 * RMSProp (Tieleman & Hinton 2012), centred by the mean gradient where asked (Graves 2013): `scaleByRms` or `scaleByStddev`,
 * then the learning rate, then `trace`. Defaults decay 0.9, eps 1e-8 inside the root.
 *
 * @throws RangeError when decay or momentum is outside [0, 1), or eps negative
 */
export const rmsprop = (
  learningRate: number | Schedule,
  { centered = false, momentum, nesterov = false, ...options }: RmspropOptions = {},
): GradientTransformation<RmspropState> =>
  chain<RmspropState>(
    centered ? scaleByStddev(options) : scaleByRms(options),
    scaleByLearningRate(learningRate),
    momentum === undefined ? identity() : trace(momentum, { nesterov }),
  )
