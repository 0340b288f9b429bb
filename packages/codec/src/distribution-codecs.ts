import type {
  BetaSpec,
  BoxSpec,
  ConditionalDistributionSpec,
  ExponentialSpec,
  GammaSpec,
  LocationScaleSpec,
  LowRankNormalSpec,
  MixtureMadeSpec,
  MixtureSpec,
  MultivariateNormalSpec,
  StudentTSpec,
  TruncatedSpec,
  UniformSphereSpec,
  VonMisesFisherSpec,
  VonMisesSpec,
} from '@diffeo/core'
import * as t from 'io-ts'
import { fields, finite, integer, where, word } from './fields.ts'
import type { Codec, Fields } from './fields.ts'
import { distributionSpec, networkSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

const inFloat32 = (x: number): boolean => Number.isFinite(Math.fround(x))
const number: Codec<number> = finite('a finite number in the range of float32', inFloat32)
const positive: Codec<number> = finite('a number > 0 in the range of float32', x => Math.fround(x) > 0 && inFloat32(x))
const trained: Codec<boolean> = t.boolean

const locationScale = <Tag extends string>(tag: Tag): Codec<LocationScaleSpec<Tag>> =>
  // TypeScript cannot list the fields of a spec whose tag it does not know
  fields(tag, { _tag: word(tag), location: number, scale: positive, trained } as unknown as Fields<LocationScaleSpec<Tag>>)

const beta: Codec<BetaSpec> = fields<BetaSpec>('beta', { _tag: word('beta'), a: positive, b: positive, trained })
const exponential: Codec<ExponentialSpec> = fields<ExponentialSpec>('exponential', { _tag: word('exponential'), rate: positive, trained })
const gamma: Codec<GammaSpec> = fields<GammaSpec>('gamma', { _tag: word('gamma'), concentration: positive, rate: positive, trained })
const studentT: Codec<StudentTSpec> = fields<StudentTSpec>('studentT', {
  _tag: word('studentT'),
  degrees: positive,
  location: number,
  scale: positive,
  trained,
})
const vonMises: Codec<VonMisesSpec> = fields<VonMisesSpec>('vonMises', {
  _tag: word('vonMises'),
  location: number,
  concentration: positive,
  trained,
})
const vonMisesFisher: Codec<VonMisesFisherSpec> = fields<VonMisesFisherSpec>('vonMisesFisher', {
  _tag: word('vonMisesFisher'),
  concentration: positive,
})
const uniformSphere: Codec<UniformSphereSpec> = fields<UniformSphereSpec>('uniformSphere', { _tag: word('uniformSphere') })
const multivariateNormal: Codec<MultivariateNormalSpec> = fields<MultivariateNormalSpec>('multivariateNormal', {
  _tag: word('multivariateNormal'),
})
const lowRankNormal: Codec<LowRankNormalSpec> = fields<LowRankNormalSpec>('lowRankNormal', {
  _tag: word('lowRankNormal'),
  rank: integer(1, 65_536),
})

const numbers: Codec<ReadonlyArray<number>> = t.readonlyArray(number, 'a list of numbers')
const box: Codec<BoxSpec> = where(fields<BoxSpec>('box', { _tag: word('box'), low: numbers, high: numbers }), ({ low, high }) => {
  if (low.length !== high.length || low.length === 0) return 'as many low as high, at least one'
  return low.every((a, i) => Math.fround(a) < Math.fround(high[i]!)) ? undefined : 'low < high'
})
const truncated: Codec<TruncatedSpec> = where(
  fields<TruncatedSpec>('truncated', { _tag: word('truncated'), distribution: distributionSpec, low: number, high: number }),
  ({ low, high }) => (Math.fround(low) < Math.fround(high) ? undefined : 'low < high'),
)
const mixture: Codec<MixtureSpec> = fields<MixtureSpec>('mixture', {
  _tag: word('mixture'),
  components: where(t.readonlyArray(distributionSpec, 'a list of distributions'), components =>
    components.length > 0 && components.length <= 1000 ? undefined : '1 to 1000 components',
  ),
})
const mixtureMade: Codec<MixtureMadeSpec> = fields<MixtureMadeSpec>('mixtureMade', {
  _tag: word('mixtureMade'),
  components: integer(1, 1000),
  conditioner: networkSpec,
})
const conditionalDistribution: Codec<ConditionalDistributionSpec> = fields<ConditionalDistributionSpec>('conditionalDistribution', {
  _tag: word('conditionalDistribution'),
  conditioner: networkSpec,
  distribution: distributionSpec,
})

/** The codecs of the distributions beside those that every flow needs. */
export const distributionCodecs: Pick<SpecCodecs, 'distribution'> = {
  distribution: {
    beta,
    box,
    cauchy: locationScale('cauchy'),
    conditionalDistribution,
    exponential,
    gamma,
    gumbel: locationScale('gumbel'),
    laplace: locationScale('laplace'),
    logNormal: locationScale('logNormal'),
    logistic: locationScale('logistic'),
    lowRankNormal,
    mixture,
    mixtureMade,
    multivariateNormal,
    studentT,
    truncated,
    uniformSphere,
    vonMises,
    vonMisesFisher,
  },
}
