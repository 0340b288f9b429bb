import {
  abs,
  add,
  div,
  exp,
  greater,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  onesLike,
  sqrt,
  square,
  sub,
  where,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'

/** The probabilities below and above a value: each to full relative accuracy, where 1 minus the other has lost it. */
export interface Tails {
  readonly lower: Tensor
  readonly upper: Tensor
}

/** The standard normal distribution function and its complement; relative error at most 3e-6 down to 1e-37. */
export const normalTails = (z: Tensor): Tails => {
  const [lower, upper] = normalTailsOp([z], null)
  return { lower: lower!, upper: upper! }
}

/** log of the standard normal distribution function, without underflow. */
export const logNormalCdf = (z: Tensor): Tensor => {
  const logTail = add(logErfc(mul(abs(z), Math.SQRT1_2)), -Math.LN2)
  const isLeft = less(z, 0)
  return where(isLeft, logTail, log(sub(1, exp(logTail))))
}

/**
 * log erfc(x) for x >= 0: the rational Chebyshev fit of Numerical Recipes (Press et al. 1992, section 6.2), relative error of erfc
 * at most 1.2e-7 in exact arithmetic.
 */
const logErfc = (x: Tensor): Tensor => {
  const t = div(1, add(1, mul(0.5, x)))
  const polynomial = chebyshev.reduceRight<Tensor>((sum, c) => add(mul(sum, t), c), mul(onesLike(t), last))
  return add(sub(polynomial, square(x)), log(t))
}

const chebyshev = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223]
const last = 0.17087277

const density = (z: Tensor): Tensor => mul(exp(mul(-0.5, square(z))), 1 / Math.sqrt(2 * Math.PI))

const normalTailsOp = defineOp({
  name: 'normalTails',
  composite: ([z], _: Json) => {
    const tail = mul(0.5, exp(logErfc(mul(abs(z!), Math.SQRT1_2))))
    const rest = sub(1, tail)
    const isLeft = less(z!, 0)
    return [where(isLeft, tail, rest), where(isLeft, rest, tail)]
  },
  vjp: ([lower, upper], [z]) => [mul(sub(lower!, upper!), density(z!))],
})

/**
 * The standard normal quantile of a pair of tails (Wichura 1988, algorithm AS 241, PPND7), relative error about 1e-6; for tails of 1e-37 and
 * more.
 *
 * @see https://doi.org/10.2307/2347330
 */
export const normalQuantile = ({ lower, upper }: Tails): Tensor => normalQuantileOp([lower, upper], null)[0]!

const normalQuantileOp = defineOp({
  name: 'normalQuantile',
  composite: ([lower, upper], _: Json) => {
    const q = sub(lower!, 0.5)
    const isCentral = lessEqual(abs(q), 0.425)
    const inner = minimum(maximum(q, -0.425), 0.425)
    const r = sub(0.180625, square(inner))
    const central = mul(
      inner,
      div(
        polynomial(r, [3.3871327179, 50.434271938, 159.29113202, 59.10937472]),
        polynomial(r, [1, 17.895169469, 78.757757664, 67.1875636]),
      ),
    )
    const tail = maximum(minimum(lower!, upper!), smallest)
    const s = sqrt(neg(log(where(isCentral, mul(onesLike(tail), 0.05), tail))))
    const isFar = greater(s, 5)
    const [near, far] = [sub(minimum(s, 5), 1.6), sub(maximum(s, 5), 5)]
    const size = where(
      isFar,
      div(polynomial(far, [6.657905115, 3.081226386, 0.42868294337, 0.017337203997]), polynomial(far, [1, 0.24197894225, 0.012258202635])),
      div(polynomial(near, [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103]), polynomial(near, [1, 0.7370016425, 0.12021132975])),
    )
    return [where(isCentral, central, where(less(lower!, upper!), neg(size), size))]
  },
  // a small change of the tails (dl, du) is one of z by dl / density = -du / density: half from either
  vjp: ([dz], [lower, upper]) => {
    const z = normalQuantile({ lower: lower!, upper: upper! })
    const half = div(mul(0.5, dz!), maximum(density(z), smallest))
    return [half, neg(half)]
  },
})

const smallest = 1.2e-38

const polynomial = (x: Tensor, coefficients: ReadonlyArray<number>): Tensor =>
  coefficients.slice(0, -1).reduceRight<Tensor>((sum, c) => add(mul(sum, x), c), mul(onesLike(x), coefficients.at(-1)!))
