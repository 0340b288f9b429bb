import { upperIncompleteGamma } from './incomplete-gamma.ts'

/** log(2 pi) / 2: a standard normal's log-density at 0, with the sign turned. */
export const halfLogTwoPi: number = 0.5 * Math.log(2 * Math.PI)

/** Phi(x), the standard normal distribution function: Phi(-x) = Q(1/2, x^2 / 2) / 2, with its relative precision in the lower tail. */
export const normalCdf = (x: number): number => {
  const tail = 0.5 * upperIncompleteGamma(0.5, 0.5 * x * x)
  return x < 0 ? tail : 1 - tail
}

/** P(Z > x) of a standard normal Z, with its relative precision in the upper tail. */
export const normalSurvival = (x: number): number => normalCdf(-x)
