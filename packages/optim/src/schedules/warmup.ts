import type { Schedule } from '../contracts.ts'
import { expectOption } from '../expect-option.ts'
import { constantSchedule } from './constant.ts'
import { cosineDecaySchedule } from './cosine-decay.ts'
import { exponentialDecay } from './exponential-decay.ts'
import type { ExponentialDecayOptions } from './exponential-decay.ts'
import { joinSchedules } from './join.ts'
import { linearSchedule } from './polynomial.ts'

/**
 * Options of `warmupConstantSchedule`.
 *
 * @param warmupSteps  the steps of the straight line from initValue to peakValue; 0 begins at peakValue
 */
export interface WarmupOptions {
  readonly initValue: number
  readonly peakValue: number
  readonly warmupSteps: number
}

/**
 * A linear warm-up, then constant.
 *
 * @throws RangeError when warmupSteps < 0
 */
export const warmupConstantSchedule = ({ initValue, peakValue, warmupSteps }: WarmupOptions): Schedule => {
  expectOption(warmupSteps >= 0, 'warmupConstantSchedule: expected warmupSteps >= 0', warmupSteps)
  return warmup({ initValue, peakValue, warmupSteps })
}

/**
 * Options of `warmupCosineDecaySchedule`.
 *
 * @param decaySteps  the length of the whole schedule, warm-up included
 * @param endValue    0 unless given
 */
export interface WarmupCosineDecayOptions extends WarmupOptions {
  readonly decaySteps: number
  readonly endValue?: number
  readonly exponent?: number
}

/**
 * A linear warm-up, then `cosineDecaySchedule` from peakValue to endValue.
 *
 * @throws RangeError when warmupSteps < 0 or decaySteps <= warmupSteps
 */
export const warmupCosineDecaySchedule = ({
  initValue,
  peakValue,
  warmupSteps,
  decaySteps,
  endValue = 0,
  exponent = 1,
}: WarmupCosineDecayOptions): Schedule => {
  const who = 'warmupCosineDecaySchedule'
  expectOption(warmupSteps >= 0, `${who}: expected warmupSteps >= 0`, warmupSteps)
  expectOption(decaySteps > warmupSteps, `${who}: expected decaySteps > warmupSteps (${warmupSteps}), which they include`, decaySteps)
  const alpha = peakValue === 0 ? 0 : endValue / peakValue
  const decay = cosineDecaySchedule({ initValue: peakValue, decaySteps: decaySteps - warmupSteps, alpha, exponent })
  return joinSchedules([warmup({ initValue, peakValue, warmupSteps }), decay], [warmupSteps])
}

/** The options of `exponentialDecay`, whose initValue is the peakValue. */
export interface WarmupExponentialDecayOptions extends WarmupOptions, Omit<ExponentialDecayOptions, 'initValue'> {}

/**
 * A linear warm-up, then `exponentialDecay` from peakValue.
 *
 * @throws RangeError when warmupSteps < 0, and as exponentialDecay
 */
export const warmupExponentialDecaySchedule = ({
  initValue,
  peakValue,
  warmupSteps,
  ...decay
}: WarmupExponentialDecayOptions): Schedule => {
  expectOption(warmupSteps >= 0, 'warmupExponentialDecaySchedule: expected warmupSteps >= 0', warmupSteps)
  return joinSchedules([warmup({ initValue, peakValue, warmupSteps }), exponentialDecay({ ...decay, initValue: peakValue })], [warmupSteps])
}

const warmup = ({ initValue, peakValue, warmupSteps }: WarmupOptions): Schedule =>
  warmupSteps === 0 ? constantSchedule(peakValue) : linearSchedule({ initValue, endValue: peakValue, transitionSteps: warmupSteps })
