import { add, exp, greater, log, max, neg, softplus, squeeze, sub, sum, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { erfInv } from '../random/erf-inv.ts'

/** Log-scales and log-weights of mixtures lie within +-log 1000. */
export const logThousand: number = Math.log(1000)

/** The components of a mixture at theta = 0: where they stand, and the scale that all have. */
export interface Grid {
  readonly centres: ReadonlyArray<number>
  readonly scale: number
}

/**
 * K components of one scale, at the quantiles of a normal distribution, whose mixture has mean 0 and a standard deviation of `deviation` times
 * that of a component of scale 1. Were they all the same, their gradients would be too, and they would never part.
 */
export const gridOf = (count: number, deviation: number): Grid => {
  const quantiles = Array.from({ length: count }, (_, i) => erfInv((2 * i + 1) / count - 1))
  const size = Math.sqrt(quantiles.reduce((s, q) => s + q * q, 0) / count)
  if (count === 1) return { centres: [0], scale: 1 }
  return { centres: quantiles.map(q => (0.5 * deviation * q) / size), scale: Math.sqrt(0.75) }
}

/** log sum exp along the last axis as the largest number and what the others add to it, and the numbers less the largest: of large ones these have no rounding. */
interface Summed {
  readonly most: Tensor
  readonly more: Tensor
  readonly relative: Tensor
}

const summed = (x: Tensor): Summed => {
  const most = stopGradient(max(x, -1, true))
  const relative = sub(x, most)
  return { most, more: log(sum(exp(relative), -1, true)), relative }
}

/** log sum exp along the last axis, which is kept. */
export const logSumExp = (x: Tensor): Tensor => {
  const { most, more } = summed(x)
  return add(most, more)
}

/**
 * y = logit(sum_j w_j sigmoid(t_j)) for t_j = a_j x + b_j, along the last axis, and log dy/dx. It takes every real value: where the sum rounds to 0 or 1,
 * its logarithm and that of 1 minus it are still known.
 *
 *   dy/dx = sum_j a_j w_j sigmoid(t_j) sigmoid(-t_j) / (F (1 - F)),   F = sum_j w_j sigmoid(t_j)
 */
export const logisticMixtureAt = (t: Tensor, logWeights: Tensor, logSlopes: Tensor): Sloped => {
  const [below, above] = [neg(softplus(neg(t))), neg(softplus(t))]
  const [p, q] = [add(logWeights, below), add(logWeights, above)]
  const [sumF, sumRest] = [summed(p), summed(q)]
  const [logF, logRest] = [add(sumF.most, sumF.more), add(sumRest.most, sumRest.more)]
  const y = sub(logF, logRest)
  // of two ways to group the factors, the one in which what is large on this side cancels within a softmax
  const right = sub(sub(logSumExp(add(add(logSlopes, sumRest.relative), below)), sumRest.more), logF)
  const left = sub(sub(logSumExp(add(add(logSlopes, sumF.relative), above)), sumF.more), logRest)
  return { y: squeeze(y, [-1]), logDeriv: squeeze(where(greater(y, 0), right, left), [-1]) }
}

/** log softmax along the last axis. */
export const logSoftmax = (x: Tensor): Tensor => sub(x, logSumExp(x))
