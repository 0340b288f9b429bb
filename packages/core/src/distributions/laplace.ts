import { abs, add, exp, less, log, minimum, mul, neg, sign, sub, where } from '@tensorflow/tfjs-core'
import { uniform } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import { locationScaleEntry, locationScaleSpec } from './location-scale.ts'
import type { LocationScaleOptions, LocationScaleSpec } from './location-scale.ts'
import { minusLogComplement } from './univariate.ts'

/** What `laplace` returns. */
export type LaplaceSpec = LocationScaleSpec<'laplace'>

/**
 * Independent Laplace values: e^{-|z|} / 2 scale, z = (x - location) / scale. Leaves `location` and `logScale` of the event's shape, or fixed
 * numbers where not `trained`. Samples are reparameterized.
 *
 * @example flow({ base: laplace({ trained: false }), bijector: invert(coupling(mlp(), affine())) })
 */
export const laplace = (options: LocationScaleOptions = {}): LaplaceSpec => locationScaleSpec('laplace', options)

export const laplaceEntry: DistributionEntry<LaplaceSpec> = locationScaleEntry('laplace', {
  density: z => sub(-Math.LN2, abs(z)),
  draw: (key, shape) => {
    const v = uniform(key, shape, { low: -1 + 2 ** -24, high: 1 })
    return mul(sign(v), minusLogComplement(abs(v)))
  },
  tails: z => {
    const tail = mul(0.5, exp(neg(abs(z))))
    const [rest, isLeft] = [sub(1, tail), less(z, 0)]
    return { lower: where(isLeft, tail, rest), upper: where(isLeft, rest, tail) }
  },
  quantile: ({ lower, upper }) => {
    const size = add(log(minimum(lower, upper)), Math.LN2)
    return where(less(lower, upper), size, neg(size))
  },
})
