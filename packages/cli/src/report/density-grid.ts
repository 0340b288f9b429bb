import { blur2 } from 'd3-array'

/** An interval of one column's values. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Shares of rows on a square grid over two ranges; row-major, y rising with the row. */
export interface DensityGrid {
  readonly size: number
  readonly values: Float64Array
}

/** The quantile of values in rising order, between two of them on the line that joins them. */
export const sortedQuantile = (sorted: Float64Array, p: number): number => {
  const place = p * (sorted.length - 1)
  const below = Math.floor(place)
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!]
  return a + (b - a) * (place - below)
}

/** Where nearly all values lie (all but `tails` on each side), with a margin; an interval of width 1 where they are all equal. */
export const rangeOf = (values: ArrayLike<number>, tails = 0.002): Range => {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort()
  const [low, high] = sorted.length === 0 ? [0, 1] : [sortedQuantile(sorted, tails), sortedQuantile(sorted, 1 - tails)]
  const margin = high > low ? 0.04 * (high - low) : 0.5
  return { low: low - margin, high: high + margin }
}

/**
 * A histogram of points on a grid, smoothed by a Gaussian of 0.7 of the width of Scott's rule with the interquartile range
 * for the spread: a picture, not an estimate.
 */
export const densityGrid = (x: ArrayLike<number>, y: ArrayLike<number>, xRange: Range, yRange: Range, size = 72): DensityGrid => {
  const data = new Float64Array(size * size)
  const [column, row] = [cellOf(xRange, size), cellOf(yRange, size)]
  for (let i = 0; i < x.length; i++) {
    const [c, r] = [column(x[i]!), row(y[i]!)]
    if (c >= 0 && c < size && r >= 0 && r < size) data[r * size + c]! += 1 / x.length
  }
  blur2({ data, width: size, height: size }, bandwidth(x, xRange, size), bandwidth(y, yRange, size))
  return { size, values: data }
}

/** For each share of mass, the density above which the grid holds it: the edges of highest-density regions. */
export const levels = ({ values }: DensityGrid, shares: ReadonlyArray<number>): ReadonlyArray<number> => {
  const sorted = Float64Array.from(values).sort().reverse()
  const whole = sorted.reduce((sum, value) => sum + value, 0)
  return shares.map(share => {
    let held = 0
    const at = sorted.findIndex(value => (held += value) >= share * whole)
    return sorted[at < 0 ? sorted.length - 1 : at]!
  })
}

/** The grid's value at a point; 0 outside. */
export const valueAt = ({ size, values }: DensityGrid, xRange: Range, yRange: Range, x: number, y: number): number => {
  const [c, r] = [cellOf(xRange, size)(x), cellOf(yRange, size)(y)]
  return c >= 0 && c < size && r >= 0 && r < size ? values[r * size + c]! : 0
}

const cellOf =
  ({ low, high }: Range, size: number): ((value: number) => number) =>
  value =>
    Math.floor(((value - low) / (high - low)) * size)

/** In cells: between 0.8, which leaves no holes, and 5. */
const bandwidth = (values: ArrayLike<number>, { low, high }: Range, size: number): number => {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort()
  const spread = sorted.length === 0 ? 0 : (sortedQuantile(sorted, 0.75) - sortedQuantile(sorted, 0.25)) / 1.349
  const cells = (0.7 * spread * values.length ** (-1 / 6) * size) / (high - low)
  return Math.min(5, Math.max(0.8, Number.isFinite(cells) ? cells : 0.8))
}
