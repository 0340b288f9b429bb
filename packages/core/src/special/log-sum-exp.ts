import {
  add,
  exp,
  fill,
  isFinite as isFiniteNumber,
  lessEqual,
  log,
  max,
  onesLike,
  reshape,
  sub,
  sum,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'

/**
 * log of the sum of e^x along the last axis: -Infinity where all are -Infinity, NaN where one is NaN; no exponential overflows, and no gradient
 * is NaN where x is -Infinity.
 */
export const logSumExp = (x: Tensor): Tensor => {
  const largest = stopGradient(max(x, -1))
  // -Infinity - -Infinity would be NaN
  const shift = where(isFiniteNumber(largest), largest, zerosLike(largest))
  const total = sum(exp(sub(x, reshape(shift, [...shift.shape, 1]))), -1)
  const isZero = lessEqual(total, 0)
  const safe = log(where(isZero, onesLike(total), total))
  return add(where(isZero, fill(total.shape, -Infinity), safe), shift)
}

/** log softmax along the last axis. */
export const logSoftmax = (x: Tensor): Tensor => sub(x, reshape(logSumExp(x), [...x.shape.slice(0, -1), 1]))
