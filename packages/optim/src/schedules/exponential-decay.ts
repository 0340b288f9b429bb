import { tidy } from '@diffeo/core'
import { div, floor, lessEqual, maximum, minimum, mul, pow, sub, where } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite, expectOption } from '../expect-option.ts'

/**
 * Options of `exponentialDecay`.
 *
 * @param transitionBegin  the count up to which the value stays at initValue, 0 unless given
 * @param staircase        decay in jumps, every transitionSteps
 * @param endValue         where the decay (or growth, for a rate above 1) ends
 */
export interface ExponentialDecayOptions {
  readonly initValue: number
  readonly transitionSteps: number
  readonly decayRate: number
  readonly transitionBegin?: number
  readonly staircase?: boolean
  readonly endValue?: number
}

/**
 * initValue decayRate^((count - transitionBegin) / transitionSteps).
 *
 * @throws RangeError when transitionSteps <= 0, decayRate <= 0, or transitionBegin < 0
 */
export const exponentialDecay = ({
  initValue,
  transitionSteps,
  decayRate,
  transitionBegin = 0,
  staircase = false,
  endValue,
}: ExponentialDecayOptions): Schedule => {
  const who = 'exponentialDecay'
  expectFinite(who, 'initValue', initValue)
  expectOption(transitionSteps > 0, `${who}: expected transitionSteps > 0`, transitionSteps)
  expectOption(decayRate > 0, `${who}: expected decayRate > 0`, decayRate)
  expectOption(transitionBegin >= 0, `${who}: expected transitionBegin >= 0`, transitionBegin)
  return count =>
    tidy(() => {
      const passed = sub(count, transitionBegin)
      const periods = div(passed, transitionSteps)
      const decayed = mul(initValue, pow(decayRate, staircase ? floor(periods) : periods))
      const value = where(lessEqual(passed, 0), initValue, decayed)
      if (endValue === undefined) return value
      return decayRate < 1 ? maximum(value, endValue) : minimum(value, endValue)
    })
}
