import { neg } from '@tensorflow/tfjs-core'
import type { GradientTransformation, Schedule } from './contracts.ts'
import { asSchedule, scaleBySchedule } from './scale-by-schedule.ts'
import type { ScaleByScheduleState } from './scale-by-schedule.ts'

/**
 * Multiplies by minus the learning rate: the step that descends. The state is the same for a number and for a schedule, so
 * that a run may go on with another learning rate.
 *
 * @param flipSign  false ascends
 */
export const scaleByLearningRate = (
  learningRate: number | Schedule,
  { flipSign = true }: { readonly flipSign?: boolean } = {},
): GradientTransformation<ScaleByScheduleState> => {
  const schedule = asSchedule('scaleByLearningRate', learningRate)
  return scaleBySchedule(flipSign ? count => neg(schedule(count)) : schedule)
}
