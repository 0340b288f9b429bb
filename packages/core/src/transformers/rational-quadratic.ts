import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { KnotMap, RationalQuadraticSpec } from '../specs.ts'
import { real } from '../support.ts'
import { showPath } from '../tree.ts'
import { ofSpec } from './of-spec.ts'
import { splineOps } from './spline-ops.ts'

export { splineForward, splineInverse } from './spline.ts'

/**
 * Monotone rational-quadratic spline on [-bound, bound], the identity outside (Durkan et al. 2019, eq. 4).
 *
 *   y = y_k + (y_{k+1} - y_k)(s xi^2 + d_k xi (1 - xi)) / (s + (d_{k+1} + d_k - 2 s) xi (1 - xi))
 *
 * theta [N, ...event, 3 bins - 1]: widths, heights, inner slopes, unconstrained; zeros give the identity.
 *
 * @param bins  K >= 1
 * @param bound half-width of the interval, in the units of x
 * @param knots how theta becomes knots and slopes, see `knotsOf`
 * @example coupling(mlp({ hidden: [64, 64] }), rationalQuadratic({ bins: 8, bound: 5 }))
 * @see https://arxiv.org/abs/1906.04032
 */
export const rationalQuadratic = ({
  bins = 8,
  bound = 5,
  knots = 'softclip',
}: { readonly bins?: number; readonly bound?: number; readonly knots?: KnotMap } = {}): RationalQuadraticSpec => ({
  _tag: 'rationalQuadratic',
  bins,
  bound,
  knots,
})

export const rationalQuadraticTransformer = (spec: RationalQuadraticSpec): Transformer<Record<string, never>> => {
  const { forward, inverse } = splineOps(spec)
  return ofSpec({
    spec,
    size: 3 * spec.bins - 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) => forward(theta, x),
    inverse: (_, theta, y) => inverse(theta, y),
  })
}

const knotMaps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']

export const rationalQuadraticEntry: TransformerEntry<RationalQuadraticSpec> = {
  tag: 'rationalQuadratic',
  build: (spec, site) => {
    const at = (field: string): string => showPath([...site.path, field])
    if (!Number.isSafeInteger(spec.bins) || spec.bins < 1 || spec.bins > 999)
      throw new RangeError(`build: expected a whole number of bins from 1 to 999, got ${spec.bins} at ${at('bins')}`)
    if (!(spec.bound >= 1e-30 && spec.bound <= 1e30))
      throw new RangeError(`build: expected a bound from 1e-30 to 1e30, got ${spec.bound} at ${at('bound')}`)
    if (!knotMaps.includes(spec.knots))
      throw new RangeError(`build: expected one of ${knotMaps.join(', ')}, got ${String(spec.knots)} at ${at('knots')}`)
    return rationalQuadraticTransformer(spec)
  },
}
