/** A mean and its standard error. */
export interface MeanWithError {
  readonly mean: number
  readonly standardError: number
}

/**
 * The mean of the values and its standard error s / sqrt(n), s^2 = sum (x - mean)^2 / (n - 1). The error of one value is NaN;
 * of none the mean is NaN as well.
 */
export const meanWithError = (values: ArrayLike<number>): MeanWithError => {
  const n = values.length
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i]!
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) }
}

/**
 * The mean of a - b over the same rows, and its standard error: what the rows have in common falls out, so that two densities can be
 * told apart that their own errors would not separate.
 *
 * @throws RangeError when the lists differ in length
 */
export const pairedDifference = (a: ArrayLike<number>, b: ArrayLike<number>): MeanWithError => {
  if (a.length !== b.length) throw new RangeError(`pairedDifference: expected ${a.length} values in b, got ${b.length}`)
  return meanWithError(Float64Array.from({ length: a.length }, (_, i) => a[i]! - b[i]!))
}
