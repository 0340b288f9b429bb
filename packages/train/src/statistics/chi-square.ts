import { upperIncompleteGamma } from './incomplete-gamma.ts'

/** P(X > x) of a chi-square variable with k degrees of freedom: Q(k / 2, x / 2). */
export const chiSquareSurvival = (x: number, degrees: number): number => upperIncompleteGamma(degrees / 2, x / 2)

/**
 * Pearson's test of counts against expected counts, sum (o - e)^2 / e with (number of cells - 1) degrees of freedom.
 *
 * @throws RangeError when the lists differ in length
 */
export const chiSquareTest = (
  observed: ArrayLike<number>,
  expected: ArrayLike<number>,
): { readonly statistic: number; readonly pValue: number } => {
  if (observed.length !== expected.length) throw new RangeError(`chiSquareTest: expected ${expected.length} counts, got ${observed.length}`)
  let statistic = 0
  for (let i = 0; i < observed.length; i++) statistic += (observed[i]! - expected[i]!) ** 2 / expected[i]!
  return { statistic, pValue: observed.length < 2 ? 1 : chiSquareSurvival(statistic, observed.length - 1) }
}
