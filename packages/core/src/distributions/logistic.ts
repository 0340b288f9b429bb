import { abs, add, exp, log, log1p, mul, neg, sigmoid, sub } from '@tensorflow/tfjs-core'
import type { DistributionEntry } from '../registry.ts'
import { locationScaleEntry, locationScaleSpec } from './location-scale.ts'
import type { LocationScaleOptions, LocationScaleSpec } from './location-scale.ts'
import { openUniform } from './univariate.ts'

/** What `logistic` returns. */
export type LogisticSpec = LocationScaleSpec<'logistic'>

/**
 * Independent logistic values: e^-z / scale (1 + e^-z)^2, z = (x - location) / scale: the base of NICE (Dinh et al. 2014, section 5.1). Leaves
 * `location` and `logScale` of the event's shape, or fixed numbers where not `trained`. Samples are reparameterized.
 *
 * @example flow({ base: logistic({ trained: false }), bijector: nice().bijector })
 */
export const logistic = (options: LocationScaleOptions = {}): LogisticSpec => locationScaleSpec('logistic', options)

export const logisticEntry: DistributionEntry<LogisticSpec> = locationScaleEntry('logistic', {
  // even in z: no exponential overflows
  density: z => neg(add(abs(z), mul(2, log1p(exp(neg(abs(z))))))),
  draw: (key, shape) => {
    const u = openUniform(key, shape)
    return sub(log(u), log(sub(1, u)))
  },
  tails: z => ({ lower: sigmoid(z), upper: sigmoid(neg(z)) }),
  quantile: ({ lower, upper }) => sub(log(lower), log(upper)),
})
