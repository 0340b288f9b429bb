import type { LinearRationalSplineSpec, LinearSplineSpec, QuadraticSplineSpec, SplineFields } from '@diffeo/core'
import { fields, finite, integer, word } from './fields.ts'
import type { Codec, Fields } from './fields.ts'

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

/** The codecs of the transformers of one number beyond the affine ones and the rational-quadratic spline. */
export const univariateCodecs = { linearRationalSpline, linearSpline, quadraticSpline }
