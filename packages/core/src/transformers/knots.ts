import { add, cumsum, exp, fill, mul, slice, softmax, softplus, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { KnotMap } from '../specs.ts'
import { joined, tidy } from '../tensor.ts'
import { softclip } from './scale-map.ts'
import { columns } from './theta.ts'

/** A monotone spline: K + 1 knots (x, y) and the slopes there, each [..., K + 1]. */
export interface Knots {
  readonly x: Tensor
  readonly y: Tensor
  readonly slopes: Tensor
}

/**
 * theta [..., 3K - 1] (K widths, K heights, K - 1 inner slopes, unconstrained) to knots on [-bound, bound]^2 with slope 1 at
 * both ends; zeros give the identity.
 *
 *   softclip  softmax of softclipped numbers, slopes exp(softclip): the widest bin is at most 1e3 times the narrowest,
 *             slopes lie in [1e-3, 1e3] (zuko, the default)
 *   softmax   bins at least 1e-3 of the interval, slopes at least 1e-3, through softplus (nflows)
 *   distrax   bins at least 1e-4 wide, slopes at least 1e-4, through softplus (distrax); of a long interval at least 1e-6,
 *             lest float32 knots coincide, of a short one at most 1e-3
 */
export const knotsOf = (map: KnotMap, theta: Tensor, bins: number, bound: number): Knots =>
  tidy(() => {
    const widths = columns(theta, 0, bins)
    const heights = columns(theta, bins, bins)
    const inner = columns(theta, 2 * bins, bins - 1)
    const positions = (free: Tensor): Tensor => knotPositions(fractions(map, free, bins, bound), bins, bound)
    return { x: positions(widths), y: positions(heights), slopes: withEnds(innerSlopes(map, inner), 1, 1) }
  })

/** zuko's slope 1e-3: |log slope| bounds the logits' spread and the log-slopes. */
const logSlope = -Math.log(1e-3)

/** The bins' shares of the interval, [..., K]; they sum to 1. */
export const fractions = (map: KnotMap, free: Tensor, bins: number, bound: number): Tensor => {
  if (map === 'softclip') return softmax(softclip(free, logSlope / 2))
  const least = map === 'softmax' ? 1e-3 : Math.min(1e-3, Math.max(1e-6, 1e-4 / (2 * bound)))
  return add(least, mul(1 - least * bins, softmax(free)))
}

/** Slopes at the inner knots, 1 at 0. */
export const innerSlopes = (map: KnotMap, free: Tensor): Tensor => {
  if (map === 'softclip') return exp(softclip(free, logSlope))
  const least = map === 'softmax' ? 1e-3 : 1e-4
  return add(least, softplus(add(free, Math.log(Math.expm1(1 - least)))))
}

/** -bound, the K - 1 inner knots, bound: the ends are exact. */
export const knotPositions = (shares: Tensor, bins: number, bound: number): Tensor => {
  const lead = shares.shape.slice(0, -1)
  const inner = slice(cumsum(shares, shares.rank - 1), [...lead.map(() => 0), 0], [...lead, bins - 1])
  return withEnds(sub(mul(2 * bound, inner), bound), -bound, bound)
}

/** A first and a last number around the others, along the last axis. */
export const withEnds = (inner: Tensor, first: number, last: number): Tensor => {
  const end = [...inner.shape.slice(0, -1), 1]
  const parts = inner.shape.at(-1) === 0 ? [fill(end, first), fill(end, last)] : [fill(end, first), inner, fill(end, last)]
  return joined(parts, -1)
}
