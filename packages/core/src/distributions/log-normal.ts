import { add, exp, log, mul, neg, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { normal } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import { normalQuantile, normalTails } from '../special/normal-tails.ts'
import { locationScaleSpec } from './location-scale.ts'
import type { LocationScaleOptions, LocationScaleSpec } from './location-scale.ts'
import { checkNumbers, tiny, univariateDistribution, within } from './univariate.ts'
import type { LocationScale, Leaves, Univariate } from './univariate.ts'

/** What `logNormal` returns. */
export type LogNormalSpec = LocationScaleSpec<'logNormal'>

/**
 * Independent positive values whose logarithm is normal of mean `location` and deviation `scale`. Leaves `location` and `logScale` of the event's
 * shape, or fixed numbers where not `trained`. Samples are reparameterized.
 */
export const logNormal = (options: LocationScaleOptions = {}): LogNormalSpec => locationScaleSpec('logNormal', options)

const standardized = ({ location, logScale }: Leaves<LocationScale>, x: Tensor): Tensor => mul(sub(log(x), location), exp(neg(logScale)))

const carried = ({ location, logScale }: Leaves<LocationScale>, z: Tensor): Tensor =>
  within(exp(add(location, mul(exp(logScale), z))), tiny, 3e38)

const univariate = (spec: LogNormalSpec): Univariate<LocationScale> => ({
  support: { _tag: 'positive' },
  place: Math.log,
  start: { location: spec.location, logScale: Math.log(spec.scale) },
  density: (leaves, x) => sub(mul(-0.5, square(standardized(leaves, x))), add(add(log(x), leaves.logScale), 0.5 * Math.log(2 * Math.PI))),
  draw: (leaves, key, shape) => carried(leaves, normal(key, shape)),
  tails: (leaves, x) => normalTails(standardized(leaves, x)),
  quantile: (leaves, tails) => carried(leaves, normalQuantile(tails)),
})

export const logNormalEntry: DistributionEntry<LogNormalSpec> = {
  tag: 'logNormal',
  build: (spec, site) => {
    checkNumbers(site, { real: { location: spec.location }, positive: { scale: spec.scale } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
