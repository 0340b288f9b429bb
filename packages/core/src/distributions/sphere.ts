import { abs, add, cos, div, exp, fill, greater, mul, norm, reshape, sin, square, sub, sum, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Space } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { polarAngles } from '../random/polar-angle.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry, DistributionSite } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logGammaOfHalf, logPolarIntegral } from '../special/log-bessel.ts'
import { showShape } from '../support.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checked } from './checked.ts'
import { fixedDistribution } from './fixed.ts'
import { checkNumbers } from './univariate.ts'

/** What `uniformSphere` returns. */
export type UniformSphereSpec = DistributionSpec & { readonly _tag: 'uniformSphere' }
/** What `vonMisesFisher` returns. */
export type VonMisesFisherSpec = DistributionSpec & { readonly _tag: 'vonMisesFisher'; readonly concentration: number }

/**
 * Unit vectors [D], all directions alike: the density in surface measure is Gamma(D/2) / 2 pi^{D/2}. A vector whose length is not 1 within 1e-3 has
 * log-density -Infinity. No parameters.
 */
export const uniformSphere = (): UniformSphereSpec => ({ _tag: 'uniformSphere' })

/**
 * Unit vectors [D] around a mean direction m: e^{k m.x} up to a constant, in surface measure (Fisher 1953; Mardia and Jupp 2000, section 9.3). Leaves
 * `direction` [D], of any length but 0, which starts at random, and `logConcentration`, one number. Samples are reparameterized, in the
 * concentration by implicit differentiation. A vector whose length is not 1 within 1e-3 has log-density -Infinity.
 *
 * @param concentration k > 0 to start from
 */
export const vonMisesFisher = ({ concentration = 1 }: { readonly concentration?: number } = {}): VonMisesFisherSpec => ({
  _tag: 'vonMisesFisher',
  concentration,
})

/** The direction's length is free; the concentration is its own leaf. */
export type VonMisesFisherParams = { readonly direction: Tensor; readonly logConcentration: Tensor }

/** The area of the unit sphere in R^dim, in the logarithm. */
const logArea = (dim: number): number => Math.LN2 + (dim / 2) * Math.log(Math.PI) - logGammaOfHalf(dim)

const unit = (x: Tensor): Tensor => div(x, norm(x, 2, -1, true))

/** -Infinity where a row is no unit vector. */
const onSphere = (x: Tensor, logProb: Tensor): Tensor =>
  where(greater(abs(sub(sum(square(x), 1), 1)), 2e-3), fill(logProb.shape, -Infinity), logProb)

const sphereSpace = (tag: string, site: DistributionSite): Space => {
  if (site.shape.length !== 1 || site.shape[0]! < 2)
    throw new RangeError(
      `build: expected '${tag}' to get vectors [D] of two numbers or more, got ${showShape(site.shape)} at ${showPath(site.path)}`,
    )
  return { shape: site.shape, support: { _tag: 'sphere' } }
}

export const uniformSphereEntry: DistributionEntry<UniformSphereSpec> = {
  tag: 'uniformSphere',
  build: (spec, site) => {
    const space = sphereSpace('uniformSphere', site)
    const dim = space.shape[0]!
    const logProb = (x: Tensor): Tensor => {
      if (x.size === 0) return zeros([0])
      return onSphere(x, add(sum(zeroUnlessNaN(x), 1), -logArea(dim)))
    }
    const sample = (key: Key, n: number): Tensor => (n === 0 ? zeros([0, dim]) : unit(normal(key, [n, dim])))
    return fixedDistribution({ spec, space, logProb, sample })
  },
}

export const vonMisesFisherEntry: DistributionEntry<VonMisesFisherSpec> = {
  tag: 'vonMisesFisher',
  build: (spec, site) => {
    checkNumbers(site, { positive: { concentration: spec.concentration } })
    const space = sphereSpace('vonMisesFisher', site)
    const dim = space.shape[0]!
    const logProb = ({ direction, logConcentration }: VonMisesFisherParams, x: Tensor): Tensor => {
      if (x.size === 0) return zeros([0])
      const k = exp(logConcentration)
      // k (m.x - 1), without cancellation
      const fall = mul(mul(-0.5, k), sum(square(sub(x, unit(direction))), 1))
      return onSphere(x, sub(fall, add(logPolarIntegral(k, dim), logArea(dim - 1))))
    }
    const sample = ({ direction, logConcentration }: VonMisesFisherParams, key: Key, n: number): Tensor => {
      if (n === 0) return zeros([0, dim])
      const [angleKey, sideKey] = split(key)
      const mean = unit(direction)
      const across = (v: Tensor): Tensor => unit(sub(v, mul(mean, sum(mul(v, mean), 1, true))))
      // twice: where the first leaves little, rounding has left some of the mean in it
      const side = across(across(normal(sideKey!, [n, dim])))
      const angle = reshape(polarAngles(angleKey!, exp(logConcentration), dim, [n]), [n, 1])
      return unit(add(mul(cos(angle), mean), mul(sin(angle), side)))
    }
    return checked<VonMisesFisherParams>({
      spec,
      space,
      contextShape: undefined,
      trainable: { direction: true, logConcentration: true },
      init: key => ({ direction: normal(key, [dim]), logConcentration: fill([], Math.log(spec.concentration)) }),
      logProb: (params, x) => tidy(() => logProb(params, x)),
      sample: (params, key, n) => tidy(() => sample(params, key, n)),
      sampleAndLogProb: (params, key, n) =>
        tidy(() => {
          const x = sample(params, key, n)
          return { x, logProb: logProb(params, x) }
        }),
    }) as Distribution
  },
}
