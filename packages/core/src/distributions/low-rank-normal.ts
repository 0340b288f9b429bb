import { add, exp, log, matMul, mul, neg, reshape, square, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution } from '../contracts.ts'
import { inverseAndLogDet } from '../linalg/inverse.ts'
import { pivotRows } from '../linalg/pivot-rows.ts'
import { identityMatrix } from '../linalg/triangular.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { handle, joined, meanOfRows, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checked } from './checked.ts'
import { dimOf } from './multivariate-normal.ts'

/** What `lowRankNormal` returns. */
export type LowRankNormalSpec = DistributionSpec & { readonly _tag: 'lowRankNormal'; readonly rank: number }

/**
 * A normal distribution of covariance diag(scale^2) + W W', W of `rank` columns: probabilistic factor analysis. With w = (x - mean) / scale and
 * C = diag(1 / scale) W, the squared distance is the least |w - C z|^2 + |z|^2, where z, the factors, are eliminated by `rank` of the rows of [C; I], lest
 * scales that are small beside W cancel:
 *
 *   min_t |c + M t|^2 + |t|^2,   M = [C; I]_N [C; I]_P^-1,   c = [w; 0]_N - M [w; 0]_P,   |I + C'C| = |[C; I]_P|^2 |I + M'M|
 *
 * P being the rows of the largest pivots and N the others. Leaves `mean` [D], `logScale` [D] and `factor` [D, rank], which starts at random, of deviation 0.01. Samples are
 * reparameterized.
 *
 * @param rank 1 to D
 */
export const lowRankNormal = ({ rank = 1 }: { readonly rank?: number } = {}): LowRankNormalSpec => ({ _tag: 'lowRankNormal', rank })

/** The covariance is diag(e^{2 logScale}) + factor factor'. */
export type LowRankNormalParams = { readonly mean: Tensor; readonly logScale: Tensor; readonly factor: Tensor }

export const lowRankNormalEntry: DistributionEntry<LowRankNormalSpec> = {
  tag: 'lowRankNormal',
  build: (spec, site) => {
    const dim = dimOf('lowRankNormal', site)
    const { rank } = spec
    if (!Number.isSafeInteger(rank) || rank < 1 || rank > dim)
      throw new RangeError(`build: expected a rank from 1 to ${dim}, got ${rank} at ${showPath([...site.path, 'rank'])}`)

    const logProb = ({ mean, logScale, factor }: LowRankNormalParams, x: Tensor): Tensor => {
      if (x.size === 0) return zeros([0])
      const whitened = mul(sub(x, mean), exp(neg(logScale)))
      const columns = mul(factor, reshape(exp(neg(logScale)), [dim, 1]))
      const { others, chosen, logDet: pivots } = pivotRows(joined([columns, identityMatrix(rank)], 0))
      const { inverse, logDet } = inverseAndLogDet(add(matMul(others, others, true, false), identityMatrix(rank)))
      const known = joined([whitened, zeros([x.shape[0]!, rank])], 1)
      const isOther = sub(1, sum(chosen, 1))
      const unexplained = mul(sub(known, matMul(matMul(known, chosen), others, false, true)), isOther)
      // the least |c + M t|^2 + |t|^2: a difference of squares would cancel
      const left = (t: Tensor): Tensor => add(unexplained, matMul(t, others, false, true))
      const rough = neg(matMul(matMul(unexplained, others), inverse))
      const t = sub(rough, matMul(add(matMul(left(rough), others), rough), inverse))
      const distance = add(sum(square(left(t)), 1), sum(square(t), 1))
      const constant = add(add(add(sum(logScale), pivots), mul(0.5, logDet)), (dim / 2) * Math.log(2 * Math.PI))
      return sub(mul(-0.5, distance), constant)
    }
    const sample = ({ mean, logScale, factor }: LowRankNormalParams, key: Key, n: number): Tensor => {
      if (n === 0) return zeros([0, dim])
      const [ownKey, factorKey] = split(key)
      const own = mul(normal(ownKey!, [n, dim]), exp(logScale))
      return add(add(mean, own), matMul(normal(factorKey!, [n, rank]), factor, false, true))
    }
    return checked<LowRankNormalParams>({
      spec,
      space: realSpace([dim]),
      contextShape: undefined,
      trainable: { mean: true, logScale: true, factor: true },
      init: key => tidy(() => ({ mean: zeros([dim]), logScale: zeros([dim]), factor: mul(normal(key, [dim, rank]), 0.01) })),
      adapt: ({ factor }, batch) =>
        tidy(() => {
          const mean = meanOfRows(batch)
          const variance = meanOfRows(square(sub(batch, mean)))
          return { mean, logScale: mul(0.5, log(add(variance, 1e-6))), factor: handle(factor) }
        }),
      logProb: (params, x) => tidy(() => logProb(params, x)),
      sample: (params, key, n) => tidy(() => sample(params, key, n)),
      sampleAndLogProb: (params, key, n) =>
        tidy(() => {
          const x = sample(params, key, n)
          return { x, logProb: logProb(params, x) }
        }),
    }) as Distribution
  },
}
