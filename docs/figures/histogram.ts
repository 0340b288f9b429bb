/** A cell of a histogram: its interval, and the density of the values that fell in it. */
export interface Bar {
  readonly low: number
  readonly high: number
  readonly density: number
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Counts over equal cells, as a density. */
export const histogram = (values: ArrayLike<number>, { low, high }: Interval, cells: number): ReadonlyArray<Bar> => {
  const width = (high - low) / cells
  const counts = new Float64Array(cells)
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor((values[i]! - low) / width)
    if (at >= 0 && at < cells) counts[at]! += 1
  }
  return Array.from(counts, (n, i) => ({ low: low + i * width, high: low + (i + 1) * width, density: n / values.length / width }))
}

/** A cell of a two-dimensional histogram. */
export interface Tile {
  readonly x: Interval
  readonly y: Interval
  readonly density: number
}

/** Counts of pairs over equal cells, as a density; cells without any are left out. */
export const tiles = (
  pairs: ArrayLike<number>,
  x: Interval & { readonly cells: number },
  y: Interval & { readonly cells: number },
): ReadonlyArray<Tile> => {
  const [w, h] = [(x.high - x.low) / x.cells, (y.high - y.low) / y.cells]
  const counts = new Float64Array(x.cells * y.cells)
  for (let i = 0; i < pairs.length; i += 2) {
    const [a, b] = [Math.floor((pairs[i]! - x.low) / w), Math.floor((pairs[i + 1]! - y.low) / h)]
    if (a >= 0 && a < x.cells && b >= 0 && b < y.cells) counts[b * x.cells + a]! += 1
  }
  return [...counts].flatMap((n, i) => {
    const [a, b] = [i % x.cells, Math.floor(i / x.cells)]
    const cell = { x: { low: x.low + a * w, high: x.low + (a + 1) * w }, y: { low: y.low + b * h, high: y.low + (b + 1) * h } }
    return n === 0 ? [] : [{ ...cell, density: n / (pairs.length / 2) / w / h }]
  })
}
