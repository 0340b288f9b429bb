import { exp, expm1, log, mul, neg, sub } from '@tensorflow/tfjs-core'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { checkNumbers, openUniform, tiny, univariateDistribution, within } from './univariate.ts'
import type { Trained, Univariate } from './univariate.ts'

/** What `exponential` returns. */
export type ExponentialSpec = DistributionSpec & { readonly _tag: 'exponential'; readonly rate: number; readonly trained: boolean }

/**
 * Independent exponential values: rate e^{-rate x}, x > 0. The leaf `logRate` of the event's shape, or a fixed number where not `trained`. Samples
 * are reparameterized.
 */
export const exponential = ({ rate = 1, trained = true }: Trained & { readonly rate?: number } = {}): ExponentialSpec => ({
  _tag: 'exponential',
  rate,
  trained,
})

const univariate = (spec: ExponentialSpec): Univariate<'logRate'> => ({
  support: { _tag: 'positive' },
  start: { logRate: Math.log(spec.rate) },
  density: ({ logRate }, x) => sub(logRate, mul(exp(logRate), x)),
  draw: ({ logRate }, key, shape) => within(mul(exp(neg(logRate)), neg(log(openUniform(key, shape)))), tiny, 3e38),
  tails: ({ logRate }, x) => {
    const gone = neg(mul(exp(logRate), x))
    return { lower: neg(expm1(gone)), upper: exp(gone) }
  },
  quantile: ({ logRate }, { upper }) => within(mul(exp(neg(logRate)), neg(log(upper))), tiny, 3e38),
})

export const exponentialEntry: DistributionEntry<ExponentialSpec> = {
  tag: 'exponential',
  build: (spec, site) => {
    checkNumbers(site, { positive: { rate: spec.rate } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
