/** Which share of the rows lay inside the region of each nominal level, and the band in which it should lie. */
export interface CoverageCurve {
  /** 0, 0.01, ... 1. */
  readonly levels: Float64Array
  readonly coverage: Float64Array
  /** level -+ 1.96 standard errors, within [0, 1]: pointwise 95 %, the normal approximation of the binomial. */
  readonly low: Float64Array
  readonly high: Float64Array
}

/**
 * The curve of rows that come inside at the levels `inside`, [rows].
 *
 * @param size  the rows that the error is that of: fewer than there are where the levels have an error of their own
 */
export const coverageCurve = (inside: ArrayLike<number>, size: number): CoverageCurve => {
  const sorted = Float64Array.from(inside).sort()
  const levels = Float64Array.from({ length: 101 }, (_, i) => i / 100)
  const error = (level: number): number => 1.96 * Math.sqrt((level * (1 - level)) / size)
  let covered = 0
  const coverage = levels.map(level => {
    while (covered < sorted.length && sorted[covered]! <= level) covered += 1
    return covered / sorted.length
  })
  return {
    levels,
    coverage,
    low: levels.map(level => Math.max(0, level - error(level))),
    high: levels.map(level => Math.min(1, level + error(level))),
  }
}
