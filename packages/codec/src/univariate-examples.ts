import { elementwise, linearRationalSpline, linearSpline, quadraticSpline } from '@diffeo/core'
import type { BijectorSpec } from '@diffeo/core'

/** A spec of every further transformer, with every option, for the tests of the codecs. */
export const univariateExamples: ReadonlyArray<BijectorSpec> = [
  elementwise(linearSpline({ bins: 16 })),
  elementwise(quadraticSpline({ bound: 3, knots: 'softmax' })),
  elementwise(linearRationalSpline({ knots: 'distrax' })),
]
