import { mixedWith } from './value-counts.ts'
import type { Split } from './split.ts'

/** A hash of a row in 53 bits: equal rows have equal ones, and two others of a million million pairs. */
export const rowHash = (values: ArrayLike<number>, offset: number, width: number): number => {
  let [high, low] = [width, 0x243f6a88]
  for (let j = 0; j < width; j++) [high, low] = mixedWith(values[offset + j]!, high, low)
  return (high >>> 5) * 2 ** 26 + (low >>> 6)
}

/**
 * How many validation and test rows stand, bit for bit, among the training rows too: a flow that learns rows by heart scores
 * well on them.
 *
 * @param rows  row-major values and their row length
 */
export const repeatedAcrossSplits = (rows: { readonly values: ArrayLike<number>; readonly columns: number }, split: Split): number => {
  const count = rows.values.length / rows.columns
  return repeatsAcross(
    Float64Array.from({ length: count }, (_, i) => rowHash(rows.values, i * rows.columns, rows.columns)),
    split,
  )
}

/** `repeatedAcrossSplits` from the hashes of the rows. */
export const repeatsAcross = (hashes: Float64Array, { train, validation, test }: Split): number => {
  const known = Float64Array.from(train, i => hashes[i]!).sort()
  const seen = (i: number): number => (contains(known, hashes[i]!) ? 1 : 0)
  return validation.reduce((n, i) => n + seen(i), 0) + test.reduce((n, i) => n + seen(i), 0)
}

/** How many rows equal an earlier one. */
export const repeatedRows = (hashes: Float64Array): number => {
  const sorted = Float64Array.from(hashes).sort()
  return sorted.reduce((n, hash, i) => n + (i > 0 && hash === sorted[i - 1] ? 1 : 0), 0)
}

const contains = (sorted: Float64Array, x: number): boolean => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < x) low = middle + 1
    else high = middle
  }
  return low < sorted.length && sorted[low] === x
}
