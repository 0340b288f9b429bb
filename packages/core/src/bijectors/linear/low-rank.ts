import { add, exp, matMul, mul, neg, reshape, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { inverseAndLogDet } from '../../linalg/inverse.ts'
import { identityMatrix } from '../../linalg/triangular.ts'
import { uniform } from '../../random/sample.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { logScale } from '../../transformers/scale-map.ts'
import { vectorLength } from '../vector.ts'
import { checkCount } from './fields.ts'
import { affineMap, linearBijector } from './linear.ts'

/** What `lowRank` returns. */
export type LowRankSpec = BijectorSpec & { readonly _tag: 'lowRank'; readonly rank: number }

/**
 * A diagonal matrix plus one of low rank, and a shift: y = (diag(d) + U V') x + shift, d positive, U and V [D, rank]. With C = I + V' diag(1 / d) U,
 *
 *   A^-1 = diag(1 / d) - diag(1 / d) U C^-1 V' diag(1 / d)   (Woodbury),   log |det A| = sum log d + log |det C|
 *
 * so that rows cost D rank and the rest rank^3, by elimination. Where C is singular, so is A. Starts as the identity.
 *
 * @param rank at least 1
 */
export const lowRank = ({ rank = 1 }: { readonly rank?: number } = {}): LowRankSpec => ({ _tag: 'lowRank', rank })

/** `logScale` [D], the logarithms of d, within [1e-3, 1e3] by a soft clip; `left` U and `right` V [D, rank]; `shift` [D]. */
export type LowRankParams = { readonly logScale: Tensor; readonly left: Tensor; readonly right: Tensor; readonly shift: Tensor }

/** y = (diag(d) + U V') x + shift of vectors of a length. */
export const lowRankBijector = (dim: number, rank: number): Bijector<LowRankParams> => {
  const logDiagonal = (params: LowRankParams): Tensor => logScale('softclip', params.logScale)
  const core = (params: LowRankParams): ReturnType<typeof inverseAndLogDet> => {
    const scaled = mul(params.left, reshape(exp(neg(logDiagonal(params))), [dim, 1]))
    return inverseAndLogDet(add(identityMatrix(rank), matMul(params.right, scaled, true)))
  }
  const apply = (params: LowRankParams, x: Tensor): Tensor =>
    add(mul(x, exp(logDiagonal(params))), matMul(matMul(x, params.right), params.left, false, true))
  const woodbury = (params: LowRankParams, inverse: Tensor, y: Tensor): Tensor => {
    const shrink = exp(neg(logDiagonal(params)))
    const z = mul(y, shrink)
    const within = matMul(matMul(z, params.right), inverse, false, true)
    return sub(z, mul(matMul(within, params.left, false, true), shrink))
  }
  const high = 1 / Math.sqrt(dim)
  return linearBijector(
    affineMap<LowRankParams>({
      spec: lowRank({ rank }),
      dim,
      trainable: { logScale: true, left: true, right: true, shift: true },
      init: key => ({
        logScale: zeros([dim]),
        left: uniform(key, [dim, rank], { low: -high, high }),
        right: zeros([dim, rank]),
        shift: zeros([dim]),
      }),
      apply,
      solve: (params, y) => {
        const { inverse } = core(params)
        const x = woodbury(params, inverse, y)
        // one step of refinement: the two parts of the inverse may cancel
        return add(x, woodbury(params, inverse, sub(y, apply(params, x))))
      },
      logDet: params => add(sum(logDiagonal(params)), core(params).logDet),
    }),
  )
}

export const lowRankEntry: BijectorEntry<LowRankSpec> = {
  tag: 'lowRank',
  build: (spec, site) => {
    checkCount(spec.rank, 1, 65_536, site, 'rank')
    return { ...lowRankBijector(vectorLength('lowRank', site), spec.rank), spec }
  },
}
