import {
  bernstein,
  blockAutoregressive,
  deepSigmoid,
  elementwise,
  gaussianization,
  heavyTails,
  linearRationalSpline,
  linearSpline,
  logisticMixture,
  monotoneMlp,
  quadraticSpline,
  sumOfSquares,
  unconstrainedMonotone,
} from '@diffeo/core'
import type { BijectorSpec } from '@diffeo/core'

/** A spec of every further transformer, with every option, for the tests of the codecs. */
export const univariateExamples: ReadonlyArray<BijectorSpec> = [
  blockAutoregressive({ width: 3, depth: 2 }),
  elementwise(linearSpline({ bins: 16 })),
  elementwise(quadraticSpline({ bound: 3, knots: 'softmax' })),
  elementwise(linearRationalSpline({ knots: 'distrax' })),
  elementwise(deepSigmoid({ units: 5, layers: 2 })),
  elementwise(logisticMixture({ components: 3 })),
  elementwise(gaussianization({ components: 3 })),
  elementwise(sumOfSquares({ degree: 2, polynomials: 2, bound: 5 })),
  elementwise(bernstein({ coefficients: 5, tails: 'linear' })),
  elementwise(heavyTails()),
  elementwise(monotoneMlp({ signal: 3, hidden: [8, 4] })),
  elementwise(unconstrainedMonotone({ signal: 3, hidden: [7], activation: 'silu', points: 16, bound: 5 })),
]
