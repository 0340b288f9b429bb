import type {
  Activation,
  BernsteinSpec,
  BlockAutoregressiveSpec,
  DeepSigmoidSpec,
  GaussianizationSpec,
  HeavyTailsSpec,
  LinearRationalSplineSpec,
  LinearSplineSpec,
  LogisticMixtureSpec,
  MonotoneMlpSpec,
  QuadraticSplineSpec,
  SplineFields,
  SumOfSquaresSpec,
  UnconstrainedMonotoneSpec,
} from '@diffeo/core'
import * as t from 'io-ts'
import { fields, finite, integer, where, word } from './fields.ts'
import type { Codec, Fields } from './fields.ts'
import type { SpecCodecs } from './spec-kind.ts'

/** Of the half-width of an interval. */
export const boundCodec: Codec<number> = finite(
  'a number > 0 in the range of float32',
  x => Math.fround(x) > 0 && Number.isFinite(Math.fround(x)),
)

const splineFields = (least: number): Fields<SplineFields> => ({
  bins: integer(least, 999),
  bound: boundCodec,
  knots: word('softclip', 'softmax', 'distrax'),
})

const linearSpline: Codec<LinearSplineSpec> = fields('linearSpline', { _tag: word('linearSpline'), ...splineFields(1) })
const quadraticSpline: Codec<QuadraticSplineSpec> = fields('quadraticSpline', { _tag: word('quadraticSpline'), ...splineFields(3) })
const linearRationalSpline: Codec<LinearRationalSplineSpec> = fields('linearRationalSpline', {
  _tag: word('linearRationalSpline'),
  ...splineFields(1),
})

const deepSigmoid: Codec<DeepSigmoidSpec> = fields('deepSigmoid', {
  _tag: word('deepSigmoid'),
  units: integer(1, 999),
  layers: integer(1, 99),
})
const logisticMixture: Codec<LogisticMixtureSpec> = fields('logisticMixture', {
  _tag: word('logisticMixture'),
  components: integer(1, 999),
})
const gaussianization: Codec<GaussianizationSpec> = fields('gaussianization', {
  _tag: word('gaussianization'),
  components: integer(1, 999),
})
const sumOfSquares: Codec<SumOfSquaresSpec> = fields('sumOfSquares', {
  _tag: word('sumOfSquares'),
  degree: integer(1, 63),
  polynomials: integer(1, 999),
  bound: boundCodec,
})
const bernstein: Codec<BernsteinSpec> = fields('bernstein', {
  _tag: word('bernstein'),
  coefficients: integer(2, 99),
  bound: boundCodec,
  tails: word('identity', 'linear'),
})
const heavyTails: Codec<HeavyTailsSpec> = fields('heavyTails', { _tag: word('heavyTails') })

const widest = 4096
const widths = (width: Codec<number>): Codec<ReadonlyArray<number>> =>
  where(t.readonlyArray(width, 'a list of widths'), list => (list.length > 0 && list.length <= 100 ? undefined : '1 to 100 hidden layers'))
const even: Codec<number> = where(integer(2, widest), width => (width % 2 === 0 ? undefined : 'an even width'))

const monotoneMlp: Codec<MonotoneMlpSpec> = fields('monotoneMlp', {
  _tag: word('monotoneMlp'),
  signal: integer(1, 9999),
  hidden: widths(even),
})
const activation: Codec<Activation> = word('relu', 'elu', 'tanh', 'silu', 'softplus', 'leakyRelu')
const unconstrainedMonotone: Codec<UnconstrainedMonotoneSpec> = fields('unconstrainedMonotone', {
  _tag: word('unconstrainedMonotone'),
  signal: integer(1, 9999),
  hidden: widths(integer(1, widest)),
  activation,
  points: integer(1, 999),
  bound: boundCodec,
})

const blockAutoregressive: Codec<BlockAutoregressiveSpec> = fields('blockAutoregressive', {
  _tag: word('blockAutoregressive'),
  width: integer(1, widest),
  depth: integer(1, 99),
})

/** The codecs of the networks that are bijectors themselves. */
export const monotoneCodecs: SpecCodecs['bijector'] = { blockAutoregressive }

/** The codecs of the transformers of one number beyond the affine ones and the rational-quadratic spline. */
export const univariateCodecs: SpecCodecs['transformer'] = {
  bernstein,
  deepSigmoid,
  gaussianization,
  heavyTails,
  linearRationalSpline,
  linearSpline,
  logisticMixture,
  monotoneMlp,
  quadraticSpline,
  sumOfSquares,
  unconstrainedMonotone,
}
