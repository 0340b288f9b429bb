import { tidy } from '@diffeo/core'
import { add, mul, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation, Schedule } from './contracts.ts'
import { leafwise } from './leafwise.ts'
import { constantSchedule } from './schedules/constant.ts'

/** `count`: the number of updates so far. */
export type ScaleByScheduleState = { readonly count: Tensor }

/** Multiplies the gradients by `stepSize(count)`; the first update has count 0. A number is a constant schedule. */
export const scaleBySchedule = (stepSize: number | Schedule): GradientTransformation<ScaleByScheduleState> => {
  const schedule = asSchedule('scaleBySchedule', stepSize)
  return {
    init: () => ({ count: scalar(0) }),
    update: (grads, { count }) =>
      tidy(() => {
        const factor = schedule(count)
        return {
          updates: leafwise('scaleBySchedule', { grads }, ({ grads: g }) => mul(factor, g)),
          state: { count: add(count, 1) },
        }
      }),
  }
}

/**
 * A number or a schedule as a schedule whose value is checked to be one number: a longer one would broadcast unseen.
 *
 * @throws RangeError (from the schedule) when its value is not a scalar
 */
export const asSchedule = (who: string, value: number | Schedule): Schedule => {
  if (typeof value === 'number') return constantSchedule(value)
  return count => {
    const result = value(count)
    if (result.rank !== 0) throw new RangeError(`${who}: expected the schedule to give a scalar, got shape [${result.shape}]`)
    return result
  }
}
