import { add, exp, log, minimum, mul, neg, sub } from '@tensorflow/tfjs-core'
import { logGammaVariates } from '../random/gamma.ts'
import { split } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logGamma } from '../special/log-gamma.ts'
import { logOnePlusSquare } from '../special/log-one-plus-square.ts'
import type { LocationScaleOptions } from './location-scale.ts'
import { checkNumbers, univariateDistribution } from './univariate.ts'
import type { LocationScale, Univariate } from './univariate.ts'

/** What `studentT` returns. */
export type StudentTSpec = DistributionSpec & {
  readonly _tag: 'studentT'
  readonly degrees: number
  readonly location: number
  readonly scale: number
  readonly trained: boolean
}

/**
 * Independent Student-t values of v degrees of freedom: (1 + z^2 / v)^{-(v+1)/2} up to a constant, z = (x - location) / scale: a base with heavy
 * tails (Alexanderson and Henter 2020). Leaves `location`, `logScale` and `logDegrees` of the event's shape, or fixed numbers where not `trained`.
 * Samples are reparameterized in all three, in the degrees by implicit differentiation.
 *
 * @param degrees of freedom to start from, > 0
 * @example flow({ base: studentT({ degrees: 5, trained: false }), bijector: maf().bijector })
 * @see https://arxiv.org/abs/2007.07232
 */
export const studentT = ({
  degrees = 4,
  location = 0,
  scale = 1,
  trained = true,
}: LocationScaleOptions & { readonly degrees?: number } = {}): StudentTSpec => ({ _tag: 'studentT', degrees, location, scale, trained })

const univariate = (spec: StudentTSpec): Univariate<LocationScale | 'logDegrees'> => ({
  support: { _tag: 'real' },
  place: x => x,
  start: { location: spec.location, logScale: Math.log(spec.scale), logDegrees: Math.log(spec.degrees) },
  density: ({ location, logScale, logDegrees }, x) => {
    const v = exp(logDegrees)
    const z = mul(sub(x, location), exp(neg(logScale)))
    const [half, more] = [mul(0.5, v), mul(0.5, add(v, 1))]
    const constant = sub(sub(logGamma(more), logGamma(half)), add(mul(0.5, add(logDegrees, Math.log(Math.PI))), logScale))
    return sub(constant, mul(more, logOnePlusSquare(mul(z, exp(mul(-0.5, logDegrees))))))
  },
  draw: ({ location, logScale, logDegrees }, key, shape) => {
    const [normalKey, gammaKey] = split(key)
    const half = mul(0.5, exp(logDegrees))
    const chi = logGammaVariates(gammaKey!, half, shape)
    // degrees of a hundredth send values out of float32
    const widened = exp(minimum(mul(0.5, sub(log(half), chi)), 75))
    return add(location, mul(exp(logScale), mul(normal(normalKey!, shape), widened)))
  },
})

export const studentTEntry: DistributionEntry<StudentTSpec> = {
  tag: 'studentT',
  build: (spec, site) => {
    checkNumbers(site, { real: { location: spec.location }, positive: { degrees: spec.degrees, scale: spec.scale } })
    return univariateDistribution(spec, site.shape, univariate(spec))
  },
}
