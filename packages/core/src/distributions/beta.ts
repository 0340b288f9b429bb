import { add, exp, log, mul, sigmoid, sub } from '@tensorflow/tfjs-core'
import { logGammaVariates } from '../random/gamma.ts'
import { split } from '../random/key.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logGamma } from '../special/log-gamma.ts'
import { checkNumbers, tiny, univariateDistribution, within } from './univariate.ts'
import type { Trained, Univariate } from './univariate.ts'

/** What `beta` returns. */
export type BetaSpec = DistributionSpec & { readonly _tag: 'beta'; readonly a: number; readonly b: number; readonly trained: boolean }

/**
 * Independent beta values of the interval (0, 1): x^{a-1} (1-x)^{b-1} / B(a, b). Leaves `logA` and `logB` of the event's shape, or fixed numbers
 * where not `trained`. Samples are reparameterized by implicit differentiation of the two gamma values that they are made of. The ends
 * themselves have log-density -Infinity.
 */
export const beta = ({ a = 1, b = 1, trained = true }: Trained & { readonly a?: number; readonly b?: number } = {}): BetaSpec => ({
  _tag: 'beta',
  a,
  b,
  trained,
})

/** The float32 values nearest to the ends of (0, 1). */
const [first, last] = [tiny, 1 - 2 ** -24]

const univariate = (spec: BetaSpec): Univariate<'logA' | 'logB'> => ({
  support: { _tag: 'interval', low: 0, high: 1 },
  isOpen: true,
  start: { logA: Math.log(spec.a), logB: Math.log(spec.b) },
  density: ({ logA, logB }, x) => {
    const [a, b] = [exp(logA), exp(logB)]
    const logConstant = sub(add(logGamma(a), logGamma(b)), logGamma(add(a, b)))
    return sub(add(mul(sub(a, 1), log(x)), mul(sub(b, 1), log(sub(1, x)))), logConstant)
  },
  draw: ({ logA, logB }, key, shape) => {
    const [keyA, keyB] = split(key)
    const ratio = sub(logGammaVariates(keyA!, exp(logA), shape), logGammaVariates(keyB!, exp(logB), shape))
    return within(sigmoid(ratio), first, last)
  },
})

export const betaEntry: DistributionEntry<BetaSpec> = {
  tag: 'beta',
  build: (spec, site) => {
    checkNumbers(site, { positive: { a: spec.a, b: spec.b } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
