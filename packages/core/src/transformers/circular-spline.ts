import { add } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { circle } from '../support.ts'
import { joined, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { pi32, turned, turnedBack } from './angles.ts'
import { fractions, innerSlopes, knotPositions } from './knots.ts'
import type { Knots } from './knots.ts'
import { splineForward, splineInverse } from './spline.ts'
import { column, columns } from './theta.ts'

/** What `circularSpline` returns. */
export type CircularSplineSpec = TransformerSpec & { readonly _tag: 'circularSpline'; readonly bins: number }

/**
 * A rational-quadratic spline of the circle (Rezende et al. 2020, section 2.1.2): on [-pi, pi], as steep at the one end as at the other, and then turned,
 * so that no angle stays where it is.
 *
 * theta [N, ...event, 3 bins + 1]: widths, heights, slopes, unconstrained, and the angle of the turn; zeros give the identity.
 *
 * @param bins K >= 1
 * @example coupling(periodic(mlp()), circularSpline({ bins: 8 }))
 * @see https://arxiv.org/abs/2002.02428
 */
export const circularSpline = ({ bins = 8 }: { readonly bins?: number } = {}): CircularSplineSpec => ({ _tag: 'circularSpline', bins })

/** The slope at the last knot is that at the first. */
const knotsOf = (theta: Tensor, bins: number): Knots => {
  const slopes = innerSlopes('softclip', columns(theta, 2 * bins, bins))
  const positions = (from: number): Tensor => knotPositions(fractions('softclip', columns(theta, from, bins), bins, pi32), bins, pi32)
  return { x: positions(0), y: positions(bins), slopes: joined([slopes, columns(slopes, 0, 1)], -1) }
}

export const circularSplineTransformer = (spec: CircularSplineSpec): Transformer<Record<string, never>> => {
  const { bins } = spec
  const turn = (theta: Tensor): Tensor => column(theta, 3 * bins)
  return {
    spec,
    size: 3 * bins + 1,
    domain: circle,
    range: circle,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) =>
      tidy(() => {
        const { y, logDeriv } = splineForward(knotsOf(theta, bins), x, pi32)
        const out = turned(y, turn(theta))
        return { y: out, logDeriv: add(logDeriv, zeroUnlessNaN(out)) }
      }),
    inverse: (_, theta, y) =>
      tidy(() => {
        const { x, logDeriv } = splineInverse(knotsOf(theta, bins), turnedBack(y, turn(theta)), pi32)
        return { x, logDeriv }
      }),
  }
}

export const circularSplineEntry: TransformerEntry<CircularSplineSpec> = {
  tag: 'circularSpline',
  build: (spec, site) => {
    if (!Number.isSafeInteger(spec.bins) || spec.bins < 1 || spec.bins > 999)
      throw new RangeError(`build: expected a whole number of bins from 1 to 999, got ${spec.bins} at ${showPath([...site.path, 'bins'])}`)
    return circularSplineTransformer(spec)
  },
}
