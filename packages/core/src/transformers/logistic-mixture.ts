import { add, exp, expandDims, mul, neg, sub, tensor1d } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { checkCount } from './check-count.ts'
import { gridOf, logSoftmax, logThousand, logisticMixtureAt } from './mixture.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { softclip } from './scale-map.ts'
import { boundedShift, column, columns } from './theta.ts'

/** What `logisticMixture` returns. */
export type LogisticMixtureSpec = TransformerSpec & { readonly _tag: 'logisticMixture'; readonly components: number }

/**
 * The distribution function of a mixture of logistics, then its logit, scale and shift (Flow++, Ho et al. 2019, eq. 13 and 14):
 *
 *   y = exp(a) logit(sum_k pi_k sigmoid((x - mu_k) exp(-s_k))) + b
 *
 * Inverted numerically; a map of the real line onto itself.
 *
 * theta [N, ...event, 3 components + 2]: the logits of pi, mu, s (softclipped, within a factor of 1000, as pi and exp(a) are), a, b. At zeros the
 * components stand apart, so that each learns something of its own, and the map is the identity within 0.35 on [-5, 5].
 *
 * @example coupling(mlp({ hidden: [64, 64] }), logisticMixture({ components: 8 }))
 * @see https://arxiv.org/abs/1902.00275
 */
export const logisticMixture = ({ components = 8 }: { readonly components?: number } = {}): LogisticMixtureSpec => ({
  _tag: 'logisticMixture',
  components,
})

export const logisticMixtureTransformer = (spec: LogisticMixtureSpec): Transformer<Record<string, never>> => {
  const { components: count } = spec
  const { centres, scale } = gridOf(count, Math.PI / Math.sqrt(3))
  return numericallyInverted({
    spec,
    size: 3 * count + 2,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) => {
      const logWeights = logSoftmax(softclip(columns(theta, 0, count), logThousand))
      const means = add(boundedShift(columns(theta, count, count)), tensor1d([...centres]))
      const logSlopes = neg(add(softclip(columns(theta, 2 * count, count), logThousand), Math.log(scale)))
      const { y, logDeriv } = logisticMixtureAt(mul(sub(expandDims(x, -1), means), exp(logSlopes)), logWeights, logSlopes)
      const a = softclip(column(theta, 3 * count), logThousand)
      return { y: add(mul(exp(a), y), boundedShift(column(theta, 3 * count + 1))), logDeriv: add(a, logDeriv) }
    },
  })
}

export const logisticMixtureEntry: TransformerEntry<LogisticMixtureSpec> = {
  tag: 'logisticMixture',
  build: (spec, site) => {
    checkCount('components', spec.components, [1, 999], site)
    return logisticMixtureTransformer(spec)
  },
}
