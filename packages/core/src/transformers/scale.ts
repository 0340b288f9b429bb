import { add, exp, mul, neg, sub } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import { real } from '../support.ts'
import type { ScaleMap, ScaleSpec } from '../specs.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { checkScale, logScale } from './scale-map.ts'
import { ofSpec } from './of-spec.ts'
import { column } from './theta.ts'

/**
 * y = scale x (NICE's last layer, Dinh et al. 2014, section 3.3).
 *
 * @param scale how the parameter becomes a scale: exp (default, as in the paper), softclip, softplus, sigmoid, tanh
 * @example chain(coupling(mlp({ hidden: [64] }), additive()), elementwise(scale()))
 * @see https://arxiv.org/abs/1410.8516
 */
export const scale = ({ scale: map = 'exp' }: { readonly scale?: ScaleMap } = {}): ScaleSpec => ({ _tag: 'scale', scale: map })

/** theta [N, ...event, 1]: the unconstrained scale. */
export const scaleTransformer = (spec: ScaleSpec): Transformer<Record<string, never>> =>
  ofSpec({
    spec,
    size: 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) =>
      tidy(() => {
        const s = logScale(spec.scale, column(theta, 0))
        return { y: mul(x, exp(s)), logDeriv: add(s, zeroUnlessNaN(x)) }
      }),
    inverse: (_, theta, y) =>
      tidy(() => {
        const s = logScale(spec.scale, column(theta, 0))
        return { x: mul(y, exp(neg(s))), logDeriv: sub(zeroUnlessNaN(y), s) }
      }),
  })

export const scaleEntry: TransformerEntry<ScaleSpec> = { tag: 'scale', build: (spec, site) => scaleTransformer(checkScale(spec, site)) }
