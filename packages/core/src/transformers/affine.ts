import { add, exp, mul, neg, sub } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import { real } from '../support.ts'
import type { AffineSpec, ScaleMap } from '../specs.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { ofSpec } from './of-spec.ts'
import { checkMinScale, checkScale, logScale } from './scale-map.ts'
import { boundedShift, column } from './theta.ts'

/**
 * y = scale x + shift (RealNVP, Dinh et al. 2017, eq. 7; MAF, Papamakarios et al. 2017, eq. 3).
 *
 * @param scale    how the second parameter becomes a scale: softclip (default), exp, softplus, sigmoid, tanh
 * @param minScale the smallest scale, from 0.001 (the default) to 0.9; by softclip, exp and tanh the largest is 1 / minScale. A row far from all
 *                 that a flow was trained on may meet the smallest scale in every layer, and its log-density falls with the square of what they make of it
 * @example coupling(mlp({ hidden: [64, 64] }), affine())
 * @see https://arxiv.org/abs/1605.08803
 */
export const affine = ({ scale = 'softclip', minScale }: AffineOptions = {}): AffineSpec => ({
  _tag: 'affine',
  scale,
  ...(minScale !== undefined && { minScale }),
})

/** How a network's outputs become scales. */
export interface AffineOptions {
  readonly scale?: ScaleMap | undefined
  readonly minScale?: number | undefined
}

/** theta [N, ...event, 2]: the shift, within a million, and the unconstrained scale. */
export const affineTransformer = (spec: AffineSpec): Transformer<Record<string, never>> =>
  ofSpec({
    spec,
    size: 2,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) =>
      tidy(() => {
        const s = logScale(spec.scale, column(theta, 1), spec.minScale)
        const y = add(mul(x, exp(s)), boundedShift(column(theta, 0)))
        return { y, logDeriv: add(s, zeroUnlessNaN(x)) }
      }),
    inverse: (_, theta, y) =>
      tidy(() => {
        const s = logScale(spec.scale, column(theta, 1), spec.minScale)
        const x = mul(sub(y, boundedShift(column(theta, 0))), exp(neg(s)))
        return { x, logDeriv: sub(zeroUnlessNaN(y), s) }
      }),
  })

export const affineEntry: TransformerEntry<AffineSpec> = {
  tag: 'affine',
  build: (spec, site) => affineTransformer(checkMinScale(checkScale(spec, site), site)),
}
