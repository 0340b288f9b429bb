import type { Range } from './density-grid.ts'

/** An interval of values and the share of them that it holds. */
export interface Bin {
  readonly low: number
  readonly high: number
  readonly density: number
}

/** Shares of values for each bin of equal width. */
export const histogramOf = (values: Float64Array, { low, high }: Range, bins: number): ReadonlyArray<Bin> => {
  const counts = new Float64Array(bins)
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins)
    if (bin >= 0 && bin < bins) counts[bin]! += 1
  }
  const width = (high - low) / bins
  return Array.from(counts, (n, i) => ({ low: low + i * width, high: low + (i + 1) * width, density: n / Math.max(1, values.length) }))
}

/** The outline of a histogram. */
export const outline = (bins: ReadonlyArray<Bin>): ReadonlyArray<{ readonly x: number; readonly y: number }> =>
  bins.flatMap(({ low, high, density }) => [
    { x: low, y: density },
    { x: high, y: density },
  ])
