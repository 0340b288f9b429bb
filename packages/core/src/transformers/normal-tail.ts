import { add, div, exp, greater, log, mul, neg, onesLike, square, sub, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'

/** Numerical Recipes' erfc: erfc(z) = tau exp(-z^2 + P(tau)), tau = 1 / (1 + z / 2), within 1.2e-7 of itself; the highest power first. */
const coefficients: ReadonlyArray<number> = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
]

/**
 * log of Mills' ratio Phi(-t) / phi(t) of the standard normal distribution for t >= 0, within 3e-7: with -t^2 / 2 it is the logarithm of a tail that
 * no float holds.
 */
export const logMills = (t: Tensor): Tensor => {
  const tau = div(1, add(1, mul(t, Math.SQRT1_2 / 2)))
  const p = coefficients.slice(1).reduce<Tensor>((sum, c) => add(mul(sum, tau), c), mul(onesLike(tau), coefficients[0]!))
  return add(add(log(tau), p), Math.log(Math.sqrt(Math.PI / 2)))
}

const steps = 7

/**
 * By Newton's method, the d >= 0 at which phi(t + d) R(t + d) = phi(t) exp(logS), R being Mills' ratio. -log Phi(-z) is convex and rising: from the right of
 * its root, where the first step leads, Newton's steps never pass it.
 */
const tailOp: OpFunction<Json> = defineOp<Json>({
  name: 'normalTail',
  composite: ([logS, t]) => {
    const step = (d: Tensor): Tensor => {
      const logR = logMills(add(t!, d))
      const error = add(sub(mul(d, add(t!, mul(0.5, d))), logR), logS!)
      const next = sub(d, mul(error, exp(logR)))
      return where(greater(next, 0), next, mul(0, next))
    }
    return [Array.from({ length: steps }).reduce<Tensor>(step, zerosLike(t!))]
  },
  vjp: ([g], [logS, t]) => {
    const ratio = exp(logMills(add(t!, tailOp([logS!, t!], {})[0]!)))
    return [neg(mul(g!, ratio)), mul(g!, sub(mul(t!, ratio), 1))]
  },
})

/**
 * How far beyond t the normal tail is that is phi(t) exp(logS): the d >= 0 with Phi(-(t + d)) = phi(t) exp(logS). For t >= 0 and logS at most `logMills(t)`;
 * accurate however far out, and with all derivatives.
 */
export const normalTail = (logS: Tensor, t: Tensor): Tensor => tailOp([logS, t], {})[0]!

/** phi(t) sqrt(2 pi). */
export const bell = (t: Tensor): Tensor => exp(mul(-0.5, square(t)))
