import { tidy } from '@diffeo/core'
import { add, clipByValue, div, mul, pow, sub } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite, expectOption } from '../expect-option.ts'

/**
 * Options of `linearSchedule` and `polynomialSchedule`.
 *
 * @param transitionBegin  the count up to which the value stays at initValue, 0 unless given
 */
export interface LinearOptions {
  readonly initValue: number
  readonly endValue: number
  readonly transitionSteps: number
  readonly transitionBegin?: number
}

/**
 * From initValue to endValue as a power of what is left of the transition, then constant:
 *
 *   (initValue - endValue) (1 - c / transitionSteps)^power + endValue,   c = clip(count - transitionBegin, 0, transitionSteps)
 *
 * @throws RangeError when transitionSteps < 1, transitionBegin < 0, or power <= 0
 */
export const polynomialSchedule = ({
  initValue,
  endValue,
  power,
  transitionSteps,
  transitionBegin = 0,
}: LinearOptions & { readonly power: number }): Schedule => {
  const who = 'polynomialSchedule'
  expectFinite(who, 'initValue', initValue)
  expectFinite(who, 'endValue', endValue)
  expectOption(power > 0, `${who}: expected power > 0`, power)
  expectOption(transitionSteps >= 1, `${who}: expected transitionSteps >= 1`, transitionSteps)
  expectOption(transitionBegin >= 0, `${who}: expected transitionBegin >= 0`, transitionBegin)
  return count =>
    tidy(() => {
      const passed = clipByValue(sub(count, transitionBegin), 0, transitionSteps)
      const left = sub(1, div(passed, transitionSteps))
      return add(mul(initValue - endValue, power === 1 ? left : pow(left, power)), endValue)
    })
}

/**
 * A straight line from initValue to endValue, then constant.
 *
 * @throws RangeError when transitionSteps < 1 or transitionBegin < 0
 */
export const linearSchedule = (options: LinearOptions): Schedule => polynomialSchedule({ ...options, power: 1 })
