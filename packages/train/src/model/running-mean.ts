/** Log-means of weights that come draw by draw, with their standard errors: one for each of some rows. */
export interface LogMeans {
  /** Takes one draw's log-weight of row i. */
  add(i: number, logWeight: number): void
  /** log of the mean weight; -Infinity where all weights are 0, NaN where one is. */
  logMean(i: number): number
  /** The standard error of `logMean`, to first order; 0 after a single draw. */
  standardError(i: number): number
}

/** Accumulators for n rows: weights are kept in units of the largest seen. */
export const logMeans = (n: number): LogMeans => {
  const largest = new Float64Array(n).fill(-Infinity)
  const [sum, squares, count] = [new Float64Array(n), new Float64Array(n), new Int32Array(n)]
  return {
    add: (i, logWeight) => {
      count[i]! += 1
      if (logWeight > largest[i]!) {
        const shrink = largest[i] === -Infinity ? 0 : Math.exp(largest[i]! - logWeight)
        sum[i]! *= shrink
        squares[i]! *= shrink * shrink
        largest[i] = logWeight
      }
      if (Number.isNaN(logWeight)) sum[i] = NaN
      const weight = logWeight === -Infinity ? 0 : Math.exp(logWeight - largest[i]!)
      sum[i]! += weight
      squares[i]! += weight * weight
    },
    logMean: i => (sum[i] === 0 ? -Infinity : largest[i]! + Math.log(sum[i]! / count[i]!)),
    standardError: i => {
      const [draws, total] = [count[i]!, sum[i]!]
      if (draws < 2 || total === 0) return 0
      const mean = total / draws
      const variance = Math.max(0, squares[i]! / draws - mean ** 2) * (draws / (draws - 1))
      return Math.sqrt(variance / draws) / mean
    },
  }
}
