import { add, div, exp, greater, mul, log, onesLike, sqrt, square, sub, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Numerical Recipes' erfc: erfc(z) = tau exp(-z^2 + P(tau)), tau = 1 / (1 + z / 2), within 1.2e-7 of itself; the highest power first. */
const coefficients: ReadonlyArray<number> = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
]

/** Mills' ratio is exp(exponent) tau. */
const partsOf = (t: Tensor): { readonly tau: Tensor; readonly exponent: Tensor } => {
  const tau = div(1, add(1, mul(t, Math.SQRT1_2 / 2)))
  const p = coefficients.slice(1).reduce<Tensor>((sum, c) => add(mul(sum, tau), c), mul(onesLike(tau), coefficients[0]!))
  return { tau, exponent: add(p, Math.log(Math.sqrt(Math.PI / 2))) }
}

/** Mills' ratio Phi(-t) / phi(t) of the standard normal distribution for t >= 0, within 3e-7: it tells a tail that no float holds. */
export const mills = (t: Tensor): Tensor => {
  const { tau, exponent } = partsOf(t)
  return mul(tau, exp(exponent))
}

const steps = 2

/**
 * How far beyond t the normal tail is that is phi(t) s: the d >= 0 with Phi(-(t + d)) = phi(t) s. For t >= 0 and s at most `mills(t)`; accurate however
 * far out. No derivatives.
 *
 * -log Phi(-z) has the slope 1 / R and the curvature (1 / R - z) / R, R being Mills' ratio, which is nearly 1: from the root of the parabola of curvature
 * 1, Halley's steps take two to a rounding.
 */
export const normalTail = (s: Tensor, t: Tensor): Tensor => {
  const logS = log(s)
  const step = (d: Tensor): Tensor => {
    const z = add(t, d)
    const { tau, exponent } = partsOf(z)
    const ratio = mul(tau, exp(exponent))
    const error = add(sub(mul(d, add(t, mul(0.5, d))), add(log(tau), exponent)), logS)
    const next = sub(d, div(mul(error, ratio), sub(1, mul(mul(0.5, error), sub(1, mul(z, ratio))))))
    return where(greater(next, 0), next, mul(0, next))
  }
  const { tau, exponent } = partsOf(t)
  const below = sub(add(log(tau), exponent), logS)
  const rise = where(greater(below, 0), below, mul(0, below))
  const slope = div(1, mul(tau, exp(exponent)))
  const start = div(mul(2, rise), add(slope, sqrt(add(square(slope), mul(2, rise)))))
  return Array.from({ length: steps }).reduce<Tensor>(step, add(start, zerosLike(t)))
}
