import { add, div, mul, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ScalarSupport, Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { limitsOf } from '../support.ts'
import { tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { fractions, innerSlopes, knotPositions } from './knots.ts'
import type { Knots } from './knots.ts'
import { clipped } from './scalar-functions.ts'
import { checkEnds } from './sigmoid.ts'
import { splineForward, splineInverseFromKnots } from './spline.ts'
import { columns } from './theta.ts'

/** What `intervalSpline` returns. */
export type IntervalSplineSpec = TransformerSpec & {
  readonly _tag: 'intervalSpline'
  readonly low: number
  readonly high: number
  readonly bins: number
}

/**
 * A rational-quadratic spline of an interval onto itself (Durkan et al. 2019; of the heights of a sphere in Rezende et al. 2020, section 2.2): as
 * `rationalQuadratic`, but with free slopes at both ends, as nothing lies beyond them.
 *
 * theta [N, ...event, 3 bins + 1]: widths, heights, slopes, unconstrained; zeros give the identity.
 *
 * @param low  the ends of the interval; -1 and 1 unless given
 * @param bins K >= 1
 * @example autoregressive(periodic(made()), each([intervalSpline(), circularSpline()]))
 * @see https://arxiv.org/abs/1906.04032
 */
export const intervalSpline = ({
  low = -1,
  high = 1,
  bins = 8,
}: { readonly low?: number; readonly high?: number; readonly bins?: number } = {}): IntervalSplineSpec => ({
  _tag: 'intervalSpline',
  low,
  high,
  bins,
})

const knotsOf = (theta: Tensor, bins: number): Knots => {
  const positions = (from: number): Tensor => knotPositions(fractions('softclip', columns(theta, from, bins), bins, 1), bins, 1)
  return { x: positions(0), y: positions(bins), slopes: innerSlopes('softclip', columns(theta, 2 * bins, bins + 1)) }
}

export const intervalSplineTransformer = (spec: IntervalSplineSpec): Transformer<Record<string, never>> => {
  const [low, high] = [Math.fround(spec.low), Math.fround(spec.high)]
  const interval: ScalarSupport = { _tag: 'interval', low, high }
  const [first, last] = limitsOf(interval)
  const [middle, half] = [low / 2 + high / 2, high / 2 - low / 2]
  const toUnit = (x: Tensor): Tensor => clipped(div(sub(x, middle), half), -1, 1)
  const fromUnit = (u: Tensor): Tensor => clipped(add(middle, mul(half, u)), first, last)
  return {
    spec,
    size: 3 * spec.bins + 1,
    domain: interval,
    range: interval,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) =>
      tidy(() => {
        const { y, logDeriv } = splineForward(knotsOf(theta, spec.bins), toUnit(x), 1)
        return { y: fromUnit(y), logDeriv }
      }),
    inverse: (_, theta, y) =>
      tidy(() => {
        const { x, logDeriv } = splineInverseFromKnots(knotsOf(theta, spec.bins), toUnit(y), 1)
        return { x: fromUnit(x), logDeriv }
      }),
  }
}

export const intervalSplineEntry: TransformerEntry<IntervalSplineSpec> = {
  tag: 'intervalSpline',
  build: (spec, site) => {
    if (!Number.isSafeInteger(spec.bins) || spec.bins < 1 || spec.bins > 999)
      throw new RangeError(`build: expected a whole number of bins from 1 to 999, got ${spec.bins} at ${showPath([...site.path, 'bins'])}`)
    return intervalSplineTransformer(checkEnds(spec, site))
  },
}
