import {
  abs,
  add,
  exp,
  expandDims,
  fill,
  greater,
  log,
  mean,
  min,
  mul,
  neg,
  square,
  squeeze,
  sub,
  sum,
  tensor1d,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { checkCount } from './check-count.ts'
import { gridOf, logThousand } from './mixture.ts'
import { mills, normalTail } from './normal-tail.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { expSoftclip } from './scale-map.ts'
import { columns } from './theta.ts'

/** What `gaussianization` returns. */
export type GaussianizationSpec = TransformerSpec & { readonly _tag: 'gaussianization'; readonly components: number }

/**
 * The distribution function of a mixture of normals, then the inverse of the standard normal one (Meng et al. 2020, eq. 5; Chen and Gopinath 2000):
 *
 *   y = (1 - 1e-5) Phi^-1(1/K sum_k Phi(a_k x + b_k)) + 1e-5 x
 *
 * Inverted numerically; a map of the real line onto itself, since tails are followed by their logarithms. The last term, which no paper has, keeps the
 * slope above 1e-5 in gaps between narrow components, where float32 would hold none.
 *
 * theta [N, ...event, 2 components]: b, and log a (softclipped, within a factor of 1000). At zeros the components stand apart, so that each learns
 * something of its own, and the map is the identity within 0.1 on [-3, 3].
 *
 * @example elementwise(gaussianization({ components: 8 }))
 * @see https://arxiv.org/abs/2003.01941
 */
export const gaussianization = ({ components = 8 }: { readonly components?: number } = {}): GaussianizationSpec => ({
  _tag: 'gaussianization',
  components,
})

/**
 * y = Phi^-1(mean Phi(t_k)) along the last axis, and its derivatives p_k = phi(t_k) / (K phi(y)) by t_k.
 *
 * On the side s of the smaller tail, u = s t, and from t0 = max(min u, 0) on, tails are told by Phi(-u) = phi(t0) q, so that of squares only differences
 * are taken: s y - u = (t0 - u) + d. Neither y nor p depends on t0. Of y and p as functions of t the derivatives are told by y and p again:
 * dp_k / dt_j = p_k (y p_j - [j = k] t_j).
 */
const gaussianized: OpFunction<Json> = defineOp<Json>({
  name: 'gaussianized',
  composite: ([t]) => {
    const count = t!.shape.at(-1)!
    const size = abs(t!)
    const ratio = mills(size)
    const far = mul(1 / Math.sqrt(2 * Math.PI), mul(exp(mul(-0.5, square(size))), ratio))
    const isRight = greater(mean(where(greater(t!, 0), sub(1, far), far), -1, true), 0.5)
    const ones = fill(isRight.shape, 1)
    const s = where(isRight, ones, neg(ones))
    const u = mul(s, t!)
    const least = min(u, -1, true)
    const t0 = where(greater(least, 0), least, zerosLike(least))
    // with a component on the other side t0 is 0
    const q = mul(exp(mul(0.5, mul(sub(t0, size), add(t0, size)))), ratio)
    const d = normalTail(mean(where(greater(u, 0), q, sub(Math.sqrt(2 * Math.PI), q)), -1, true), t0)
    const z = add(t0, d)
    const p = mul(1 / count, exp(mul(0.5, mul(add(sub(t0, u), d), add(z, u)))))
    return [squeeze(mul(s, z), [-1]), p]
  },
  vjp: ([dy, dp], [t]) => {
    const [y, p] = gaussianized([t!], null)
    const weighted = mul(dp!, p!)
    const along = add(dy!, mul(y!, sum(weighted, -1)))
    return [sub(mul(p!, expandDims(along, -1)), mul(weighted, t!))]
  },
})

/** The slope that is left in a gap between narrow components. */
const leastSlope = 1e-5

export const gaussianizationTransformer = (spec: GaussianizationSpec): Transformer<Record<string, never>> => {
  const { components: count } = spec
  const { centres, scale } = gridOf(count, 1)
  return numericallyInverted({
    spec,
    size: 2 * count,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) => {
      const shifts = add(columns(theta, 0, count), tensor1d(centres.map(c => -c / scale)))
      const slopes = mul(expSoftclip(columns(theta, count, count), logThousand), 1 / scale)
      const [y, p] = gaussianized([add(mul(slopes, expandDims(x, -1)), shifts)], null)
      const [most, slope] = [1 - leastSlope, sum(mul(slopes, p!), -1)]
      return { y: add(mul(most, y!), mul(leastSlope, x)), logDeriv: log(add(mul(most, slope), leastSlope)) }
    },
  })
}

export const gaussianizationEntry: TransformerEntry<GaussianizationSpec> = {
  tag: 'gaussianization',
  build: (spec, site) => {
    checkCount('components', spec.components, [1, 999], site)
    return gaussianizationTransformer(spec)
  },
}
