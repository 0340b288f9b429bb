import { add, exp, expm1, less, log, maximum, minimum, neg, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { DistributionEntry } from '../registry.ts'
import { locationScaleEntry, locationScaleSpec } from './location-scale.ts'
import type { LocationScaleOptions, LocationScaleSpec } from './location-scale.ts'
import { minusLogComplement, openUniform } from './univariate.ts'

/** What `gumbel` returns. */
export type GumbelSpec = LocationScaleSpec<'gumbel'>

/**
 * Independent Gumbel values, the largest of many: e^{-(z + e^-z)} / scale, z = (x - location) / scale. Leaves `location` and `logScale` of the
 * event's shape, or fixed numbers where not `trained`. Samples are reparameterized.
 *
 * Below z = -80, where e^-z leaves float32, the log-density is -e^80: flat, with gradient 0.
 */
export const gumbel = (options: LocationScaleOptions = {}): GumbelSpec => locationScaleSpec('gumbel', options)

const decay = (z: Tensor): Tensor => exp(neg(maximum(z, -80)))

export const gumbelEntry: DistributionEntry<GumbelSpec> = locationScaleEntry('gumbel', {
  density: z => neg(add(z, decay(z))),
  draw: (key, shape) => neg(log(neg(log(openUniform(key, shape))))),
  tails: z => ({ lower: exp(neg(decay(z))), upper: neg(expm1(neg(decay(z)))) }),
  quantile: ({ lower, upper }) => {
    const isLow = less(lower, 0.5)
    return neg(log(where(isLow, neg(log(minimum(lower, 0.5))), minusLogComplement(minimum(upper, 0.5)))))
  },
})
