import { scalar } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite } from '../expect-option.ts'

/**
 * The same value at every step.
 *
 * @throws RangeError when the value is not finite
 */
export const constantSchedule = (value: number): Schedule => {
  expectFinite('constantSchedule', 'value', value)
  return () => scalar(value)
}
