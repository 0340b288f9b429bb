import { add, div, greater, log, maximum, mul, sub, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution } from '../contracts.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import type { Tails } from '../special/normal-tails.ts'
import { isWithin, showSupport } from '../support.ts'
import { showPath } from '../tree.ts'
import { independent, openUniform, tiny, univariateOf, within } from './univariate.ts'
import type { Leaves, RealSupport, Univariate } from './univariate.ts'

/** What `truncated` returns. */
export type TruncatedSpec = DistributionSpec & {
  readonly _tag: 'truncated'
  readonly distribution: DistributionSpec
  readonly low: number
  readonly high: number
}

/**
 * A univariate distribution of independent values, cut to [low, high] and normalized there: p(x) / (F(high) - F(low)). The parameters are those of
 * the distribution within; samples are reparameterized, through its quantile function.
 *
 * For those with a distribution function in closed form: diagonalNormal, laplace, logistic, cauchy, gumbel, logNormal, exponential. The interval must
 * hold a mass of at least 1e-37, as a normal one does within 12 deviations of the mean; of less the log-density is meaningless.
 *
 * @example truncated(diagonalNormal(), { low: 0, high: 1 })
 */
export const truncated = (
  distribution: DistributionSpec,
  { low, high }: { readonly low: number; readonly high: number },
): TruncatedSpec => ({ _tag: 'truncated', distribution, low, high })

const cut = (inner: Univariate & Required<Pick<Univariate, 'tails' | 'quantile'>>, low: number, high: number): Univariate => {
  const support: RealSupport = { _tag: 'interval', low, high }
  const ends = (leaves: Leaves, like: Tensor): { readonly at: Tails; readonly to: Tails; readonly mass: Tensor } => {
    const constant = (value: number): Tensor => add(mul(like, 0), value)
    const [at, to] = [inner.tails(leaves, constant(low)), inner.tails(leaves, constant(high))]
    // on the side where the probabilities are small they are exact
    const mass = where(greater(at.lower, 0.5), sub(at.upper, to.upper), sub(to.lower, at.lower))
    return { at, to, mass: maximum(mass, tiny) }
  }
  return {
    support,
    start: inner.start,
    density: (leaves, x) => sub(inner.density(leaves, x), log(ends(leaves, x).mass)),
    draw: (leaves, key, shape) => {
      const u = openUniform(key, shape)
      const { at, to, mass } = ends(leaves, u)
      const tails = { lower: add(at.lower, mul(u, mass)), upper: add(to.upper, mul(sub(1, u), mass)) }
      return within(inner.quantile(leaves, tails), low, high)
    },
    tails: (leaves, x) => {
      const { at, to, mass } = ends(leaves, x)
      const tails = inner.tails(leaves, x)
      const right = greater(at.lower, 0.5)
      const below = where(right, sub(at.upper, tails.upper), sub(tails.lower, at.lower))
      const above = where(right, sub(tails.upper, to.upper), sub(to.lower, tails.lower))
      return { lower: div(below, mass), upper: div(above, mass) }
    },
  }
}

export const truncatedEntry: DistributionEntry<TruncatedSpec> = {
  tag: 'truncated',
  build: (spec, site) => {
    const at = [...site.path, 'distribution']
    const inner: Distribution = site.builder.distribution(spec.distribution, { ...site, path: at })
    const univariate = univariateOf(inner)
    if (univariate?.tails === undefined || univariate.quantile === undefined)
      throw new RangeError(
        `build: expected a distribution of single values with a distribution function, got '${spec.distribution._tag}' at ${showPath(at)}`,
      )
    const [low, high] = [Math.fround(spec.low), Math.fround(spec.high)]
    if (!Number.isFinite(low) || !Number.isFinite(high) || !(low < high))
      throw new RangeError(`build: expected finite low < high, got ${spec.low} and ${spec.high} at ${showPath(site.path)}`)
    const support: RealSupport = { _tag: 'interval', low, high }
    if (!isWithin(support, univariate.support))
      throw new RangeError(
        `build: expected bounds within ${showSupport(univariate.support)}, got ${spec.low} and ${spec.high} at ${showPath(site.path)}`,
      )
    const { tails, quantile } = univariate
    return independent(spec, inner, cut({ ...univariate, tails, quantile }, low, high))
  },
}
