import { abs, atan, cos, div, less, maximum, minimum, mul, neg, sin, sub, tan, where } from '@tensorflow/tfjs-core'
import { uniform } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import { logOnePlusSquare } from '../special/log-one-plus-square.ts'
import { locationScaleEntry, locationScaleSpec } from './location-scale.ts'
import type { LocationScaleOptions, LocationScaleSpec } from './location-scale.ts'

/** What `cauchy` returns. */
export type CauchySpec = LocationScaleSpec<'cauchy'>

/**
 * Independent Cauchy values: 1 / pi scale (1 + z^2), z = (x - location) / scale. Leaves `location` and `logScale` of the event's shape, or fixed
 * numbers where not `trained`. Samples are reparameterized.
 */
export const cauchy = (options: LocationScaleOptions = {}): CauchySpec => locationScaleSpec('cauchy', options)

export const cauchyEntry: DistributionEntry<CauchySpec> = locationScaleEntry('cauchy', {
  density: z => sub(-Math.log(Math.PI), logOnePlusSquare(z)),
  draw: (key, shape) => tan(mul(Math.PI / 2, uniform(key, shape, { low: -1 + 2 ** -23, high: 1 }))),
  tails: z => {
    const size = abs(z)
    // atan(1/z) / pi is the tail: 1/2 - atan(z) / pi has lost it where z is large
    const tail = where(less(size, 1), sub(0.5, mul(1 / Math.PI, atan(minimum(size, 1)))), mul(1 / Math.PI, atan(div(1, maximum(size, 1)))))
    const [rest, isLeft] = [sub(1, tail), less(z, 0)]
    return { lower: where(isLeft, tail, rest), upper: where(isLeft, rest, tail) }
  },
  quantile: ({ lower, upper }) => {
    const angle = mul(Math.PI, minimum(lower, upper))
    const size = div(cos(angle), sin(angle))
    return where(less(lower, upper), neg(size), size)
  },
})
