import { add, sub } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import { real } from '../support.ts'
import type { AdditiveSpec } from '../specs.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { ofSpec } from './of-spec.ts'
import { column } from './theta.ts'

/**
 * y = x + theta (NICE, Dinh et al. 2014): volume-preserving.
 *
 * @example coupling(mlp({ hidden: [64, 64] }), additive())
 * @see https://arxiv.org/abs/1410.8516
 */
export const additive = (): AdditiveSpec => ({ _tag: 'additive' })

/** theta [N, ...event, 1]: the shift. */
export const additiveTransformer = (spec: AdditiveSpec): Transformer<Record<string, never>> =>
  ofSpec({
    spec,
    size: 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) =>
      tidy(() => {
        const y = add(x, column(theta, 0))
        return { y, logDeriv: zeroUnlessNaN(y) }
      }),
    inverse: (_, theta, y) =>
      tidy(() => {
        const x = sub(y, column(theta, 0))
        return { x, logDeriv: zeroUnlessNaN(x) }
      }),
  })

export const additiveEntry: TransformerEntry<AdditiveSpec> = { tag: 'additive', build: additiveTransformer }
