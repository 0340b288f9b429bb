import { chain } from './chain.ts'
import type { EmptyState, GradientTransformation, Schedule } from './contracts.ts'
import { identity } from './identity.ts'
import { scaleByLearningRate } from './scale-by-learning-rate.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'
import { trace } from './trace.ts'
import type { TraceState } from './trace.ts'

/** The momentum's trace where there is one, and the count of the learning rate's schedule. */
export type SgdState = readonly [TraceState | EmptyState, ScaleByScheduleState]

/**
 * Options of `sgd`.
 *
 * @param momentum  none unless given
 */
export interface SgdOptions {
  readonly momentum?: number
  readonly nesterov?: boolean
}

/**
 * Gradient descent, with momentum where one is given: `trace`, then the learning rate.
 *
 * @throws RangeError when momentum is outside [0, 1)
 * @example sgd(0.1, { momentum: 0.9, nesterov: true })
 */
export const sgd = (learningRate: number | Schedule, { momentum, nesterov = false }: SgdOptions = {}): GradientTransformation<SgdState> =>
  chain<SgdState>(momentum === undefined ? identity() : trace(momentum, { nesterov }), scaleByLearningRate(learningRate))
