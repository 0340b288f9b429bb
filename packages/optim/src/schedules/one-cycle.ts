import { tidy } from '@diffeo/core'
import { add, cos, div, less, mul, scalar, sub, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite, expectOption } from '../expect-option.ts'

/**
 * Options of the 1cycle schedules.
 *
 * @param pctStart        the part of the steps in which the value rises, 0.3 unless given
 * @param divFactor       peakValue / divFactor is the first value, 25 unless given
 * @param finalDivFactor  the last value is smaller than the first by this factor, 1e4 unless given
 */
export interface OneCycleOptions {
  readonly transitionSteps: number
  readonly peakValue: number
  readonly pctStart?: number
  readonly divFactor?: number
  readonly finalDivFactor?: number
}

/**
 * The 1cycle policy (Smith & Topin 2018) in cosines, as fastai and PyTorch have it: from peakValue / divFactor up to peakValue,
 * then down to peakValue / (divFactor finalDivFactor), where it stays.
 *
 * @throws RangeError when transitionSteps < 1, pctStart is outside [0, 1], or a factor is not positive
 * @see https://arxiv.org/abs/1708.07120
 */
export const cosineOnecycleSchedule = ({
  transitionSteps,
  peakValue,
  pctStart = 0.3,
  divFactor = 25,
  finalDivFactor = 1e4,
}: OneCycleOptions): Schedule => {
  expectCycle('cosineOnecycleSchedule', { transitionSteps, peakValue, pctStart, divFactor, finalDivFactor })
  const first = peakValue / divFactor
  return interpolated(cosine, [
    { at: 0, value: first },
    { at: Math.trunc(pctStart * transitionSteps), value: peakValue },
    { at: Math.trunc(transitionSteps), value: first / finalDivFactor },
  ])
}

/**
 * The 1cycle policy in straight lines: from peakValue / divFactor up to peakValue, back to peakValue / divFactor at `pctFinal` of the
 * steps, then down to peakValue / (divFactor finalDivFactor), where it stays.
 *
 * @throws RangeError when transitionSteps < 1, not 0 <= pctStart <= pctFinal <= 1, or a factor is not positive
 * @see https://arxiv.org/abs/1708.07120
 */
export const linearOnecycleSchedule = ({
  transitionSteps,
  peakValue,
  pctStart = 0.3,
  pctFinal = 0.85,
  divFactor = 25,
  finalDivFactor = 1e4,
}: OneCycleOptions & { readonly pctFinal?: number }): Schedule => {
  const who = 'linearOnecycleSchedule'
  expectCycle(who, { transitionSteps, peakValue, pctStart, divFactor, finalDivFactor })
  expectOption(pctFinal >= pctStart && pctFinal <= 1, `${who}: expected pctFinal in [pctStart, 1]`, pctFinal)
  const first = peakValue / divFactor
  return interpolated(linear, [
    { at: 0, value: first },
    { at: Math.trunc(pctStart * transitionSteps), value: peakValue },
    { at: Math.trunc(pctFinal * transitionSteps), value: first },
    { at: transitionSteps, value: first / finalDivFactor },
  ])
}

interface Point {
  readonly at: number
  readonly value: number
}

type Interpolate = (start: number, end: number, part: Tensor) => Tensor

const linear: Interpolate = (start, end, part) => add(mul(end - start, part), start)

const cosine: Interpolate = (start, end, part) => add(end, mul((start - end) / 2, add(cos(mul(Math.PI, part)), 1)))

const interpolated =
  (interpolate: Interpolate, points: ReadonlyArray<Point>): Schedule =>
  count =>
    tidy(() =>
      points.slice(1).reduceRight<Tensor>(
        (later, end, i) => {
          const start = points[i]!
          const part = div(sub(count, start.at), Math.max(end.at - start.at, 1))
          return where(less(count, end.at), interpolate(start.value, end.value, part), later)
        },
        scalar(points.at(-1)!.value),
      ),
    )

const expectCycle = (who: string, o: Required<OneCycleOptions>): void => {
  expectFinite(who, 'peakValue', o.peakValue)
  expectOption(o.transitionSteps >= 1, `${who}: expected transitionSteps >= 1`, o.transitionSteps)
  expectOption(o.pctStart >= 0 && o.pctStart <= 1, `${who}: expected pctStart in [0, 1]`, o.pctStart)
  expectOption(o.divFactor > 0, `${who}: expected divFactor > 0`, o.divFactor)
  expectOption(o.finalDivFactor > 0, `${who}: expected finalDivFactor > 0`, o.finalDivFactor)
}
