import { add, div, expandDims, mean, mul, reshape, square, tensor1d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { checkBound, checkCount } from './check-count.ts'
import { integralTo } from './integral.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { boundedShift, column, columns } from './theta.ts'

/** What `sumOfSquares` returns. */
export type SumOfSquaresSpec = TransformerSpec & {
  readonly _tag: 'sumOfSquares'
  readonly degree: number
  readonly polynomials: number
  readonly bound: number
}

/** The least slope (zuko's), before the slope at theta = 0 is made 1. */
const least = 1e-3

/** At theta = 0 the polynomials are 1 + s u, s from -1/4 to 1/4: were they the same, their gradients would be too, and they would never part. */
const spread = 0.25

/**
 * The integral of a sum of squared polynomials (Jaini et al. 2019, eq. 9; zuko's form):
 *
 *   y = c + int_0^x (1/K sum_i (1 + sum_{j=0}^L a_ij (u / bound)^j)^2 + 0.001) / 1.001 du
 *
 * Beyond +-bound it is a straight line, so that it is a map of the real line onto itself. Inverted numerically.
 *
 * theta [N, ...event, polynomials (degree + 1) + 1]: a, one polynomial after another, then c. At zeros it is the identity within 1 % on half of the interval.
 *
 * @param degree      L, of each polynomial
 * @param polynomials K
 * @param bound       half-width of the interval, in the units of x
 * @example autoregressive(made({ hidden: [64, 64] }), sumOfSquares({ degree: 4, polynomials: 3 }))
 * @see https://arxiv.org/abs/1905.02325
 */
export const sumOfSquares = ({
  degree = 4,
  polynomials = 3,
  bound = 10,
}: { readonly degree?: number; readonly polynomials?: number; readonly bound?: number } = {}): SumOfSquaresSpec => ({
  _tag: 'sumOfSquares',
  degree,
  polynomials,
  bound,
})

export const sumOfSquaresTransformer = (spec: SumOfSquaresSpec): Transformer<Record<string, never>> => {
  const { degree, polynomials, bound } = spec
  const terms = degree + 1
  const start = Array.from({ length: polynomials * terms }, (_, at) => {
    const i = Math.floor(at / terms)
    return at % terms === 1 && polynomials > 1 ? spread * ((2 * i) / (polynomials - 1) - 1) : 0
  })
  const density = (theta: Tensor, u: Tensor): Tensor => {
    const a = reshape(add(columns(theta, 0, polynomials * terms), tensor1d(start)), [...theta.shape.slice(0, -1), polynomials, terms])
    const v = expandDims(div(u, bound), -2)
    const sum = Array.from({ length: degree }, (_, k) => columns(a, degree - 1 - k, 1)).reduce<Tensor>(
      (p, c) => add(mul(p, v), c),
      columns(a, degree, 1),
    )
    return div(add(mean(square(add(1, sum)), -2), least), 1 + least)
  }
  return numericallyInverted({
    spec,
    size: polynomials * terms + 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) => {
      const { y, logDeriv } = integralTo(x, terms, bound, u => density(theta, u))
      return { y: add(y, boundedShift(column(theta, polynomials * terms))), logDeriv }
    },
  })
}

export const sumOfSquaresEntry: TransformerEntry<SumOfSquaresSpec> = {
  tag: 'sumOfSquares',
  build: (spec, site) => {
    checkCount('degree', spec.degree, [1, 63], site)
    checkCount('polynomials', spec.polynomials, [1, 999], site)
    checkBound(spec.bound, site)
    return sumOfSquaresTransformer(spec)
  },
}
