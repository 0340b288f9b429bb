import { tidy } from '@diffeo/core'
import { less, sub, where } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectOption } from '../expect-option.ts'

/**
 * One schedule after another: the i-th from boundaries[i - 1] on, counting from there.
 *
 * @throws RangeError unless there is one boundary fewer than schedules, in rising order
 */
export const joinSchedules = (schedules: ReadonlyArray<Schedule>, boundaries: ReadonlyArray<number>): Schedule => {
  expectOption(
    schedules.length > 0 && boundaries.length === schedules.length - 1,
    `joinSchedules: expected ${Math.max(0, schedules.length - 1)} boundaries for ${schedules.length} schedules`,
    boundaries.length,
  )
  expectOption(
    boundaries.every((b, i) => i === 0 || b >= boundaries[i - 1]!),
    'joinSchedules: expected rising boundaries',
    boundaries,
  )
  const [first, ...later] = schedules
  return count =>
    tidy(() =>
      later.reduce((value, schedule, i) => {
        const boundary = boundaries[i]!
        return where(less(count, boundary), value, schedule(sub(count, boundary)))
      }, first!(count)),
    )
}
