import { add, exp, log, mul, sub } from '@tensorflow/tfjs-core'
import { logGammaVariates } from '../random/gamma.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logGamma } from '../special/log-gamma.ts'
import { checkNumbers, tiny, univariateDistribution, within } from './univariate.ts'
import type { Trained, Univariate } from './univariate.ts'

/** What `gamma` returns. */
export type GammaSpec = DistributionSpec & {
  readonly _tag: 'gamma'
  readonly concentration: number
  readonly rate: number
  readonly trained: boolean
}

/**
 * Independent gamma values: rate^a x^{a-1} e^{-rate x} / Gamma(a), x > 0, a the concentration. Leaves `logConcentration` and `logRate` of the
 * event's shape, or fixed numbers where not `trained`. Samples are reparameterized: in the concentration by implicit differentiation
 * (Figurnov et al. 2018), once differentiable there.
 *
 * @see https://arxiv.org/abs/1805.08498
 */
export const gamma = ({
  concentration = 1,
  rate = 1,
  trained = true,
}: Trained & { readonly concentration?: number; readonly rate?: number } = {}): GammaSpec => ({
  _tag: 'gamma',
  concentration,
  rate,
  trained,
})

const univariate = (spec: GammaSpec): Univariate<'logConcentration' | 'logRate'> => ({
  support: { _tag: 'positive' },
  start: { logConcentration: Math.log(spec.concentration), logRate: Math.log(spec.rate) },
  density: ({ logConcentration, logRate }, x) => {
    const a = exp(logConcentration)
    return sub(add(mul(sub(a, 1), log(x)), mul(a, logRate)), add(mul(exp(logRate), x), logGamma(a)))
  },
  draw: ({ logConcentration, logRate }, key, shape) =>
    within(exp(sub(logGammaVariates(key, exp(logConcentration), shape), logRate)), tiny, 3e38),
})

export const gammaEntry: DistributionEntry<GammaSpec> = {
  tag: 'gamma',
  build: (spec, site) => {
    checkNumbers(site, { positive: { concentration: spec.concentration, rate: spec.rate } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
