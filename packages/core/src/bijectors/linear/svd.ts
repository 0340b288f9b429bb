import { exp, matMul, mul, neg, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { reflectionsOf } from '../../linalg/orthogonal.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { logScale } from '../../transformers/scale-map.ts'
import { vectorLength } from '../vector.ts'
import { affineMap, linearBijector } from './linear.ts'
import { initReflections, reflectionCount } from './reflections.ts'

/** What `svd` returns. */
export type SvdSpec = BijectorSpec & { readonly _tag: 'svd'; readonly reflections?: number }

/**
 * A full matrix as U diag(s) V' (nflows' SVDLinear): U and V products of Householder reflections, s positive, and a shift: y = U diag(s) V' x + shift.
 * The inverse is V diag(1 / s) U'. With an even number of reflections it starts as the identity.
 *
 * @param reflections of U and of V each; unless given, the largest even number up to D: every matrix of positive determinant
 */
export const svd = ({ reflections }: { readonly reflections?: number } = {}): SvdSpec => ({
  _tag: 'svd',
  ...(reflections !== undefined && { reflections }),
})

/** `left` and `right` [K, D], to reflect along; `logScale` [D], the logarithms of s, within [1e-3, 1e3] by a soft clip; `shift` [D]. */
export type SvdParams = { readonly left: Tensor; readonly logScale: Tensor; readonly right: Tensor; readonly shift: Tensor }

/** y = U diag(s) V' x + shift of vectors of a length. */
export const svdBijector = (dim: number, reflections: number): Bijector<SvdParams> => {
  const logSingular = (params: SvdParams): Tensor => logScale('softclip', params.logScale)
  return linearBijector(
    affineMap<SvdParams>({
      spec: svd({ reflections }),
      dim,
      trainable: { left: true, logScale: true, right: true, shift: true },
      init: () => ({
        left: initReflections(reflections, dim),
        logScale: zeros([dim]),
        right: initReflections(reflections, dim),
        shift: zeros([dim]),
      }),
      apply: (params, x) =>
        matMul(mul(matMul(x, reflectionsOf(params.right)), exp(logSingular(params))), reflectionsOf(params.left), false, true),
      solve: (params, y) =>
        matMul(mul(matMul(y, reflectionsOf(params.left)), exp(neg(logSingular(params)))), reflectionsOf(params.right), false, true),
      logDet: params => sum(logSingular(params)),
    }),
  )
}

export const svdEntry: BijectorEntry<SvdSpec> = {
  tag: 'svd',
  build: (spec, site) => {
    const dim = vectorLength('svd', site)
    return { ...svdBijector(dim, reflectionCount(spec.reflections, dim, site)), spec }
  },
}
