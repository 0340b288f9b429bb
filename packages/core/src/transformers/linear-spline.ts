import { div, fill, log, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { tidy } from '../tensor.ts'
import { fractions, knotPositions } from './knots.ts'
import { between, checkSpline, fractionOf, pieceAt, withIdentityTails } from './pieces.ts'
import type { SplineFields } from './pieces.ts'

/** What `linearSpline` returns. */
export type LinearSplineSpec = TransformerSpec & SplineFields & { readonly _tag: 'linearSpline' }

/**
 * Monotone piecewise linear function on [-bound, bound], the identity outside (Mueller et al. 2019, section 4.1). Its bins are of equal width; the
 * density that it makes jumps at their edges.
 *
 * theta [N, ...event, bins]: heights, unconstrained; zeros give the identity.
 *
 * @param bins  K >= 1
 * @param bound half-width of the interval, in the units of x
 * @param knots how theta becomes heights, see `knotsOf`
 * @example coupling(mlp({ hidden: [64, 64] }), linearSpline({ bins: 16 }))
 * @see https://arxiv.org/abs/1808.03856
 */
export const linearSpline = ({ bins = 8, bound = 5, knots = 'softclip' }: Partial<SplineFields> = {}): LinearSplineSpec => ({
  _tag: 'linearSpline',
  bins,
  bound,
  knots,
})

export const linearSplineTransformer = (spec: LinearSplineSpec): Transformer<Record<string, never>> => {
  const { bins, bound, knots } = spec
  const run = (theta: Tensor, at: Tensor, isInverse: boolean): Sloped =>
    withIdentityTails(at, bound, inside => {
      const y = knotPositions(fractions(knots, theta, bins, bound), bins, bound)
      const x = knotPositions(fill([...theta.shape.slice(0, -1), bins], 1 / bins), bins, bound)
      const [from, to] = isInverse ? [y, x] : [x, y]
      const { low, high } = pieceAt(from, inside)
      const [a, b, c, d] = [low(from), high(from), low(to), high(to)]
      return { y: between(c, d, fractionOf(inside, a, b)), logDeriv: log(div(sub(d, c), sub(b, a))) }
    })
  return {
    spec,
    size: bins,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) => tidy(() => run(theta, x, false)),
    inverse: (_, theta, y) =>
      tidy(() => {
        const { y: x, logDeriv } = run(theta, y, true)
        return { x, logDeriv }
      }),
  }
}

export const linearSplineEntry: TransformerEntry<LinearSplineSpec> = {
  tag: 'linearSpline',
  build: (spec, site) => linearSplineTransformer(checkSpline(spec, site)),
}
