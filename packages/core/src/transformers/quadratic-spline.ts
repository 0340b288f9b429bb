import { add, div, lessEqual, log, mul, neg, onesLike, sqrt, square, sub, sum, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import type { KnotMap } from '../specs.ts'
import { real } from '../support.ts'
import { tidy } from '../tensor.ts'
import { fractions, innerSlopes, knotPositions, withEnds } from './knots.ts'
import type { Knots } from './knots.ts'
import { between, checkSpline, fractionOf, pieceAt, withIdentityTails } from './pieces.ts'
import type { SplineFields } from './pieces.ts'
import { columns } from './theta.ts'

/** What `quadraticSpline` returns. */
export type QuadraticSplineSpec = TransformerSpec & SplineFields & { readonly _tag: 'quadraticSpline' }

/**
 * Monotone piecewise quadratic function on [-bound, bound], the identity outside (Mueller et al. 2019, section 4.2): its derivative is linear between
 * the knots and 1 at both ends.
 *
 * theta [N, ...event, 2 bins - 1]: widths and the derivatives at the inner knots, unconstrained; zeros give the identity.
 *
 * @param bins  K >= 3: with fewer, derivatives of 1 at both ends leave nothing to choose
 * @param bound half-width of the interval, in the units of x
 * @param knots how theta becomes widths and derivatives, see `knotsOf`
 * @example coupling(mlp({ hidden: [64, 64] }), quadraticSpline({ bins: 16 }))
 * @see https://arxiv.org/abs/1808.03856
 */
export const quadraticSpline = ({ bins = 8, bound = 5, knots = 'softclip' }: Partial<SplineFields> = {}): QuadraticSplineSpec => ({
  _tag: 'quadraticSpline',
  bins,
  bound,
  knots,
})

/** The least slope: narrow bins must not be so flat that their ends coincide in float32. */
const leastSlope = (map: KnotMap): number => (map === 'softmax' ? 1e-3 : 1e-2)

/** The knots of theta; the slopes are those of a function that rises from -bound to bound. */
const knotsOfTheta = ({ bins, bound, knots }: SplineFields, theta: Tensor): Knots => {
  const widths = fractions(knots, columns(theta, 0, bins), bins, bound)
  const inner = innerSlopes(knots, columns(theta, bins, bins - 1))
  // The area under h_1 .. h_{K-1} and a height c at both ends is a + c e / 2, e the widths of the outer bins; c is the area where c = a / (1 - e / 2).
  const means = mul(0.5, add(columns(widths, 0, bins - 1), columns(widths, 1, bins - 1)))
  const area = sum(mul(inner, means), -1, true)
  const outer = add(columns(widths, 0, 1), columns(widths, bins - 1, 1))
  const floor = leastSlope(knots)
  const slopes = add(floor, mul(1 - floor, mul(inner, div(sub(1, mul(0.5, outer)), area))))
  const all = withEnds(slopes, 1, 1)
  const heights = mul(widths, mul(0.5, add(columns(all, 0, bins), columns(all, 1, bins))))
  return { x: knotPositions(widths, bins, bound), y: knotPositions(heights, bins, bound), slopes: all }
}

/**
 * How many times steeper a piece is than its slopes say: 1 but for the rounding of its knots, which the value has and so must its derivative. Of a piece lower than a
 * float there is no telling.
 */
const steepnessOf = (width: Tensor, height: Tensor, steep: Tensor): Tensor => {
  const isFlat = lessEqual(height, 0)
  const one = onesLike(height)
  return where(isFlat, one, div(mul(2, where(isFlat, one, height)), mul(width, steep)))
}

/**
 * The spline at x: between two knots with slopes d and e, at a fraction xi of the width, the fraction of the height is
 *
 *   xi (d + d (1 - xi) + e xi) / (d + e),   and the slope there   (d (1 - xi) + e xi) 2 height / (width (d + e))
 */
export const quadraticForward = (knots: Knots, x: Tensor, bound: number): Sloped =>
  withIdentityTails(x, bound, inside => {
    const { low, high } = pieceAt(knots.x, inside)
    const [x0, x1, y0, y1, d, e] = [low(knots.x), high(knots.x), low(knots.y), high(knots.y), low(knots.slopes), high(knots.slopes)]
    const at = fractionOf(inside, x0, x1)
    const steep = add(d, e)
    const xi = div(mul(at.xi, add(d, between(d, e, at))), steep)
    const rest = div(mul(at.rest, add(e, between(d, e, at))), steep)
    const slope = mul(between(d, e, at), steepnessOf(sub(x1, x0), sub(y1, y0), steep))
    return { y: between(y0, y1, { xi, rest }), logDeriv: log(slope) }
  })

/**
 * The inverse at y, and the log-derivative of the inverse. At a fraction t of the height the slope r has r^2 = d^2 (1 - t) + e^2 t, a sum of positive
 * terms, and xi = t (d + e) / (d + r), 1 - xi = (1 - t) (d + e) / (e + r).
 */
export const quadraticInverse = (knots: Knots, y: Tensor, bound: number): Sloped =>
  withIdentityTails(y, bound, inside => {
    const { low, high } = pieceAt(knots.y, inside)
    const [x0, x1, y0, y1, d, e] = [low(knots.x), high(knots.x), low(knots.y), high(knots.y), low(knots.slopes), high(knots.slopes)]
    const t = fractionOf(inside, y0, y1)
    const r = sqrt(between(square(d), square(e), t))
    const steep = add(d, e)
    const at = { xi: div(mul(t.xi, steep), add(d, r)), rest: div(mul(t.rest, steep), add(e, r)) }
    const slope = mul(between(d, e, at), steepnessOf(sub(x1, x0), sub(y1, y0), steep))
    return { y: between(x0, x1, at), logDeriv: neg(log(slope)) }
  })

export const quadraticSplineTransformer = (spec: QuadraticSplineSpec): Transformer<Record<string, never>> => ({
  spec,
  size: 2 * spec.bins - 1,
  domain: real,
  range: real,
  trainable: {},
  init: () => ({}),
  forward: (_, theta, x) => tidy(() => quadraticForward(knotsOfTheta(spec, theta), x, spec.bound)),
  inverse: (_, theta, y) =>
    tidy(() => {
      const { y: x, logDeriv } = quadraticInverse(knotsOfTheta(spec, theta), y, spec.bound)
      return { x, logDeriv }
    }),
})

export const quadraticSplineEntry: TransformerEntry<QuadraticSplineSpec> = {
  tag: 'quadraticSpline',
  build: (spec, site) => quadraticSplineTransformer(checkSpline(spec, site, 3)),
}
