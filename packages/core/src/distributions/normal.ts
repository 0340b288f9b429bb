import { add, clipByValue, exp, isNaN, log, mul, neg, square, sub, sum, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Shape } from '../contracts.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DiagonalNormalSpec, StandardNormalSpec } from '../specs.ts'
import { normalQuantile, normalTails } from '../special/normal-tails.ts'
import { realSpace } from '../support.ts'
import { meanOfRows, sumEvent, tidy } from '../tensor.ts'
import { checked } from './checked.ts'
import { withUnivariate } from './univariate.ts'
import type { Univariate } from './univariate.ts'

/** The normal distribution with mean 0 and variance 1 in every dimension. */
export const standardNormal = (): StandardNormalSpec => ({ _tag: 'standardNormal' })

/** A normal distribution with a mean and a scale of its own for each dimension, both trained. */
export const diagonalNormal = (): DiagonalNormalSpec => ({ _tag: 'diagonalNormal' })

/** Both of the event's shape. */
export type DiagonalNormalParams = { readonly mean: Tensor; readonly logScale: Tensor }

/** -1/2 sum z^2 - D/2 log 2 pi, for each row. */
export const standardLogProb = (z: Tensor): Tensor => {
  const size = z.shape.slice(1).reduce((n, s) => n * s, 1)
  return sub(mul(-0.5, sumEvent(square(z))), (size / 2) * Math.log(2 * Math.PI))
}

export const standardNormalDistribution = (shape: Shape): Distribution<Record<string, never>> =>
  checked({
    spec: standardNormal(),
    space: realSpace(shape),
    contextShape: undefined,
    trainable: {},
    init: () => ({}),
    logProb: (_, x) => tidy(() => standardLogProb(x)),
    sample: (_, key, n) => normal(key, [n, ...shape]),
    sampleAndLogProb: (_, key, n) =>
      tidy(() => {
        const x = normal(key, [n, ...shape])
        return { x, logProb: standardLogProb(x) }
      }),
  })

/** The largest z, in size, whose square is far from where float32 ends: beyond it a density stays as small as it is there. */
const farthest = 1e18

const standardized = ({ mean, logScale }: DiagonalNormalParams, x: Tensor): Tensor => {
  const z = mul(sub(x, mean), exp(neg(logScale)))
  return where(isNaN(z), z, clipByValue(z, -farthest, farthest))
}

export const diagonalNormalDistribution = (shape: Shape): Distribution<DiagonalNormalParams> => {
  const logProb = (params: DiagonalNormalParams, x: Tensor): Tensor => sub(standardLogProb(standardized(params, x)), sum(params.logScale))
  const sample = ({ mean, logScale }: DiagonalNormalParams, key: Parameters<typeof normal>[0], n: number): Tensor =>
    add(mul(normal(key, [n, ...shape]), exp(logScale)), mean)
  const distribution = checked({
    spec: diagonalNormal(),
    space: realSpace(shape),
    contextShape: undefined,
    trainable: { mean: true, logScale: true },
    init: () => ({ mean: zeros([...shape]), logScale: zeros([...shape]) }),
    adapt: (_: DiagonalNormalParams, batch: Tensor) =>
      tidy(() => {
        const mean = meanOfRows(batch)
        const variance = meanOfRows(square(sub(batch, mean)))
        return { mean, logScale: mul(0.5, log(add(variance, 1e-6))) }
      }),
    logProb: (params: DiagonalNormalParams, x) => tidy(() => logProb(params, x)),
    sample: (params: DiagonalNormalParams, key, n) => tidy(() => sample(params, key, n)),
    sampleAndLogProb: (params: DiagonalNormalParams, key, n) =>
      tidy(() => {
        const x = sample(params, key, n)
        return { x, logProb: logProb(params, x) }
      }),
  })
  return withUnivariate(distribution, values)
}

/** The same of single values. */
const values: Univariate<'mean' | 'logScale'> = {
  support: { _tag: 'real' },
  start: { mean: 0, logScale: 0 },
  density: (params, x) => sub(mul(-0.5, square(standardized(params, x))), add(params.logScale, 0.5 * Math.log(2 * Math.PI))),
  draw: ({ mean, logScale }, key, drawn) => add(mul(normal(key, drawn), exp(logScale)), mean),
  tails: ({ mean, logScale }, x) => normalTails(mul(sub(x, mean), exp(neg(logScale)))),
  quantile: ({ mean, logScale }, tails) => add(mul(normalQuantile(tails), exp(logScale)), mean),
}

export const standardNormalEntry: DistributionEntry<StandardNormalSpec> = {
  tag: 'standardNormal',
  build: (_, site) => standardNormalDistribution(site.shape),
}

export const diagonalNormalEntry: DistributionEntry<DiagonalNormalSpec> = {
  tag: 'diagonalNormal',
  build: (_, site) => diagonalNormalDistribution(site.shape),
}
