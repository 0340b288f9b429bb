import { add, exp, expandDims, mul, tensor1d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { checkCount } from './check-count.ts'
import { gridOf, logSoftmax, logThousand, logisticMixtureAt } from './mixture.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { softclip } from './scale-map.ts'
import { boundedShift, columns } from './theta.ts'

/** What `deepSigmoid` returns. */
export type DeepSigmoidSpec = TransformerSpec & { readonly _tag: 'deepSigmoid'; readonly units: number; readonly layers: number }

/**
 * Deep sigmoidal flow (NAF, Huang et al. 2018, eq. 8): layers of x to logit(w' sigmoid(a x + b)), the weights w positive with sum 1, the slopes a positive.
 * Inverted numerically; a map of the real line onto itself.
 *
 * theta [N, ...event, 3 units layers]: of each layer log a (softclipped, within a factor of 1000), b, and the logits of w. At zeros the units stand
 * apart, so that each learns something of its own, and the map is the identity within 0.35 on [-5, 5].
 *
 * @example autoregressive(made({ hidden: [64, 64] }), deepSigmoid({ units: 16 }))
 * @see https://arxiv.org/abs/1804.00779
 */
export const deepSigmoid = ({ units = 16, layers = 1 }: { readonly units?: number; readonly layers?: number } = {}): DeepSigmoidSpec => ({
  _tag: 'deepSigmoid',
  units,
  layers,
})

export const deepSigmoidTransformer = (spec: DeepSigmoidSpec): Transformer<Record<string, never>> => {
  const { units, layers } = spec
  const { centres, scale } = gridOf(units, Math.PI / Math.sqrt(3))
  const layer = (x: Tensor, theta: Tensor): Sloped => {
    const logSlopes = add(softclip(columns(theta, 0, units), logThousand), -Math.log(scale))
    const shifts = add(boundedShift(columns(theta, units, units)), tensor1d(centres.map(c => -c / scale)))
    const logWeights = logSoftmax(softclip(columns(theta, 2 * units, units), logThousand))
    return logisticMixtureAt(add(mul(exp(logSlopes), expandDims(x, -1)), shifts), logWeights, logSlopes)
  }
  return numericallyInverted({
    spec,
    size: 3 * units * layers,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) =>
      Array.from({ length: layers }).reduce<Sloped>(
        ({ y, logDeriv }, _layer, i) => {
          const next = layer(y, columns(theta, 3 * units * i, 3 * units))
          return { y: next.y, logDeriv: add(logDeriv, next.logDeriv) }
        },
        { y: x, logDeriv: zeros([]) },
      ),
  })
}

export const deepSigmoidEntry: TransformerEntry<DeepSigmoidSpec> = {
  tag: 'deepSigmoid',
  build: (spec, site) => {
    checkCount('units', spec.units, [1, 999], site)
    checkCount('layers', spec.layers, [1, 99], site)
    return deepSigmoidTransformer(spec)
  },
}
