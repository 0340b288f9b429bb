import type {
  CylinderSpec,
  ExponentialMapSpec,
  SphereMoebiusSpec,
  AscendingSpec,
  CenteredSoftmaxSpec,
  CorrelationCholeskySpec,
  CumulativeSumSpec,
  PositiveDefiniteSpec,
  StickBreakingSpec,
  CauchyCdfSpec,
  CircularShiftSpec,
  CircularSplineSpec,
  EachSpec,
  ExpSpec,
  Expm1Spec,
  GumbelCdfSpec,
  IdentitySpec,
  IntervalSplineSpec,
  InverseOfSpec,
  LeakyReluSpec,
  LeakyTanhSpec,
  LogTanhSpec,
  MoebiusSpec,
  NormalCdfSpec,
  PeriodicSpec,
  PowerSpec,
  ScalarSupport,
  SigmoidSpec,
  SignedPowerSpec,
  SinhArcsinhSpec,
  SinhSpec,
  SoftplusSpec,
  TanhSpec,
  UniformCircleSpec,
} from '@diffeo/core'
import * as t from 'io-ts'
import { checked, choice, fields, finite, integer, optional, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { networkSpec, transformerSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

const float32: Codec<number> = checked('a finite number', u =>
  typeof u === 'number' && Number.isFinite(Math.fround(u)) ? undefined : 'a finite number in the range of float32',
)
const between = (least: number, most: number): Codec<number> => finite(`a number from ${least} to ${most}`, x => x >= least && x <= most)
const upTo8: Codec<number> = finite('a number > 0 and <= 8', x => x > 0 && x <= 8)

/** Ends between which float32 has three numbers or more. */
const apart = ({ low, high }: { readonly low: number; readonly high: number }): string | undefined => {
  const [a, b] = [Math.fround(low), Math.fround(high)]
  const step = Math.max(Math.abs(a), Math.abs(b)) * 2 ** -22
  return Number.isFinite(Math.fround(b - a)) && b - a > Math.max(step, 2 ** -120) ? undefined : 'low < high, a finite distance apart'
}

type Interval = Extract<ScalarSupport, { readonly _tag: 'interval' }>
const interval: Codec<Interval> = where(fields<Interval>('interval', { _tag: word('interval'), low: float32, high: float32 }), apart)
type Categories = Extract<ScalarSupport, { readonly _tag: 'categories' }>
const categories: Codec<Categories> = fields<Categories>('categories', { _tag: word('categories'), count: integer(2, 10_000) })
type Named = Exclude<ScalarSupport, Interval | Categories>
const named: Codec<Named> = fields<Named>('a support', { _tag: word('real', 'positive', 'circle') })

/** The support of single values: real, positive, circle, an interval with its ends, or categories with their count. */
const scalarSupport: Codec<ScalarSupport> = choice<ScalarSupport>('a support of single values', u => {
  const tag = typeof u === 'object' && u !== null && '_tag' in u ? u._tag : undefined
  if (tag === 'interval') return interval
  return tag === 'categories' ? categories : named
})

const each: Codec<EachSpec> = fields('each', {
  _tag: word('each'),
  transformers: t.readonlyArray(transformerSpec, 'a list of transformers'),
})
const inverseOf: Codec<InverseOfSpec> = fields('inverseOf', { _tag: word('inverseOf'), transformer: transformerSpec })
const identity: Codec<IdentitySpec> = fields('identity', { _tag: word('identity'), support: scalarSupport })
const differing: Codec<ReadonlyArray<number>> = where(t.readonlyArray(integer(0, 65_535), 'a list of indices'), at =>
  at.length > 0 && new Set(at).size === at.length ? undefined : 'at least one index, each once',
)
const absent: Codec<undefined> = checked('nothing', u => (u === undefined ? undefined : 'nothing'))
const indices: Codec<ReadonlyArray<number> | undefined> = choice<ReadonlyArray<number> | undefined>('a list of different indices', u =>
  u === undefined ? absent : differing,
)
const periodic: Codec<PeriodicSpec> = fields<PeriodicSpec>('periodic', { _tag: word('periodic'), network: networkSpec, at: indices })
const circularShift: Codec<CircularShiftSpec> = fields('circularShift', { _tag: word('circularShift') })
const circularSpline: Codec<CircularSplineSpec> = fields('circularSpline', { _tag: word('circularSpline'), bins: integer(1, 999) })
const moebius: Codec<MoebiusSpec> = fields('moebius', { _tag: word('moebius') })
const uniformCircle: Codec<UniformCircleSpec> = fields('uniformCircle', { _tag: word('uniformCircle') })
const ascending: Codec<AscendingSpec> = fields('ascending', { _tag: word('ascending') })
const centeredSoftmax: Codec<CenteredSoftmaxSpec> = fields('centeredSoftmax', { _tag: word('centeredSoftmax') })
const correlationCholesky: Codec<CorrelationCholeskySpec> = fields('correlationCholesky', { _tag: word('correlationCholesky') })
const cumulativeSum: Codec<CumulativeSumSpec> = fields('cumulativeSum', { _tag: word('cumulativeSum') })
const positiveDefinite: Codec<PositiveDefiniteSpec> = fields('positiveDefinite', { _tag: word('positiveDefinite') })
const stickBreaking: Codec<StickBreakingSpec> = fields('stickBreaking', { _tag: word('stickBreaking') })
const cylinder: Codec<CylinderSpec> = fields<CylinderSpec>('cylinder', { _tag: word('cylinder'), heights: optional(word('real')) })
const sphereMoebius: Codec<SphereMoebiusSpec> = fields<SphereMoebiusSpec>('sphereMoebius', {
  _tag: word('sphereMoebius'),
  conditioner: optional(networkSpec),
})
const exponentialMap: Codec<ExponentialMapSpec> = fields<ExponentialMapSpec>('exponentialMap', {
  _tag: word('exponentialMap'),
  components: integer(1, 1000),
  conditioner: optional(networkSpec),
})
const intervalSpline: Codec<IntervalSplineSpec> = where(
  fields<IntervalSplineSpec>('intervalSpline', { _tag: word('intervalSpline'), low: float32, high: float32, bins: integer(1, 999) }),
  apart,
)
const exp: Codec<ExpSpec> = fields('exp', { _tag: word('exp') })
const expm1: Codec<Expm1Spec> = fields('expm1', { _tag: word('expm1') })
const softplus: Codec<SoftplusSpec> = fields('softplus', { _tag: word('softplus') })
const sigmoid: Codec<SigmoidSpec> = where(fields<SigmoidSpec>('sigmoid', { _tag: word('sigmoid'), low: float32, high: float32 }), apart)
const tanh: Codec<TanhSpec> = fields('tanh', { _tag: word('tanh') })
const leakyTanh: Codec<LeakyTanhSpec> = fields('leakyTanh', { _tag: word('leakyTanh'), bound: upTo8 })
const logTanh: Codec<LogTanhSpec> = fields('logTanh', { _tag: word('logTanh'), cut: upTo8 })
const leakyRelu: Codec<LeakyReluSpec> = fields('leakyRelu', { _tag: word('leakyRelu'), slope: between(1e-3, 1e3) })
const power: Codec<PowerSpec> = fields('power', { _tag: word('power'), exponent: between(1e-2, 1e2) })
const signedPower: Codec<SignedPowerSpec> = fields('signedPower', { _tag: word('signedPower'), exponent: between(0.1, 10) })
const sinh: Codec<SinhSpec> = fields('sinh', { _tag: word('sinh') })
const sinhArcsinh: Codec<SinhArcsinhSpec> = fields('sinhArcsinh', { _tag: word('sinhArcsinh') })
const normalCdf: Codec<NormalCdfSpec> = fields('normalCdf', { _tag: word('normalCdf') })
const cauchyCdf: Codec<CauchyCdfSpec> = fields('cauchyCdf', { _tag: word('cauchyCdf') })
const gumbelCdf: Codec<GumbelCdfSpec> = fields('gumbelCdf', { _tag: word('gumbelCdf') })

/** The codecs of the maps between supports. */
export const mapCodecs: Pick<SpecCodecs, 'bijector' | 'transformer' | 'network' | 'distribution'> = {
  bijector: {
    ascending,
    centeredSoftmax,
    correlationCholesky,
    cumulativeSum,
    positiveDefinite,
    stickBreaking,
    cylinder,
    exponentialMap,
    sphereMoebius,
  },
  transformer: {
    cauchyCdf,
    circularShift,
    circularSpline,
    each,
    exp,
    expm1,
    gumbelCdf,
    identity,
    intervalSpline,
    inverseOf,
    leakyRelu,
    leakyTanh,
    logTanh,
    moebius,
    normalCdf,
    power,
    sigmoid,
    signedPower,
    sinh,
    sinhArcsinh,
    softplus,
    tanh,
  },
  network: { periodic },
  distribution: { uniformCircle },
}
