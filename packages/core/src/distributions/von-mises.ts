import { add, div, exp, floor, mul, sin, sign, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { split } from '../random/key.ts'
import { polarAngles } from '../random/polar-angle.ts'
import { uniform } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logScaledBesselI0 } from '../special/log-bessel.ts'
import { checkNumbers, univariateDistribution, within } from './univariate.ts'
import type { Trained, Univariate } from './univariate.ts'

/** What `vonMises` returns. */
export type VonMisesSpec = DistributionSpec & {
  readonly _tag: 'vonMises'
  readonly location: number
  readonly concentration: number
  readonly trained: boolean
}

/**
 * Independent angles in radians, [-pi, pi): e^{k cos(x - location)} / 2 pi I0(k), k the concentration. Leaves `location` and `logConcentration` of
 * the event's shape, or fixed numbers where not `trained`. Samples are reparameterized, in the concentration by implicit differentiation.
 *
 * @see https://dlmf.nist.gov/10.32#E1
 */
export const vonMises = ({
  location = 0,
  concentration = 1,
  trained = true,
}: Trained & { readonly location?: number; readonly concentration?: number } = {}): VonMisesSpec => ({
  _tag: 'vonMises',
  location,
  concentration,
  trained,
})

const pi32 = Math.fround(Math.PI)

/** The angle of [-pi, pi) that is the same on the circle. */
const wrapped = (x: Tensor): Tensor => within(sub(x, mul(2 * Math.PI, floor(div(add(x, Math.PI), 2 * Math.PI)))), -pi32, pi32)

const univariate = (spec: VonMisesSpec): Univariate<'location' | 'logConcentration'> => ({
  support: { _tag: 'circle' },
  start: { location: spec.location, logConcentration: Math.log(spec.concentration) },
  density: ({ location, logConcentration }, x) => {
    const k = exp(logConcentration)
    // k cos d - log I0 = k (cos d - 1) - log e^-k I0: where k is large, both of the left are, and nearly the same
    const fall = mul(mul(-2, k), square(sin(mul(0.5, sub(x, location)))))
    return sub(fall, add(logScaledBesselI0(k), Math.log(2 * Math.PI)))
  },
  draw: ({ location, logConcentration }, key, shape) => {
    const [angleKey, sideKey] = split(key)
    const side = sign(uniform(sideKey!, shape, { low: -1 + 2 ** -24, high: 1 }))
    return wrapped(add(location, mul(side, polarAngles(angleKey!, exp(logConcentration), 2, shape))))
  },
})

export const vonMisesEntry: DistributionEntry<VonMisesSpec> = {
  tag: 'vonMises',
  build: (spec, site) => {
    checkNumbers(site, { real: { location: spec.location }, positive: { concentration: spec.concentration } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
