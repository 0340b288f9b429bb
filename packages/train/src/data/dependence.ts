import type { ColumnStatistics } from './statistics.ts'

/** Two columns (by place) of which one is a linear function of the other: together they have no density. */
export type Pair = readonly [number, number]

/**
 * Pairs of columns that have the same values in every row, by the hashes of the columns.
 */
export const equalColumns = (hashes: ReadonlyArray<string>): ReadonlyArray<Pair> =>
  hashes.flatMap((hash, j) => {
    const i = hashes.indexOf(hash)
    return i < j ? [[i, j] as const] : []
  })

/** From this |correlation| on, two columns are one. */
export const perfect: number = 1 - 1e-9

/**
 * Pairs of columns that are correlated perfectly (|r| > 1 - 1e-9) in a sample of the rows. Columns differ in its first rows
 * already unless they are such a pair, so that thousands of columns are compared in little time.
 *
 * @param values  [rows, columns], row-major
 */
export const correlatedInSample = (values: Float64Array, rows: number, columns: number): ReadonlyArray<Pair> => {
  const z = standardized(values, rows, columns)
  // z values of a perfect pair, up to sign, cannot differ by more than sqrt(2 (1 - |r|) rows)
  const far = Math.sqrt(2 * (1 - perfect) * rows) * 2
  const near = (a: number, b: number): boolean => {
    for (let i = 0; i < rows; i++) if (Math.abs(Math.abs(z[a * rows + i]!) - Math.abs(z[b * rows + i]!)) > far) return false
    return true
  }
  const found: Array<Pair> = []
  for (let a = 0; a < columns; a++)
    for (let b = a + 1; b < columns; b++) if (near(a, b) && Math.abs(product(z, a, b, rows)) > perfect) found.push([a, b])
  return found
}

/** Column-major z scores; a column that does not vary in the sample is NaN, and near to nothing. */
const standardized = (values: Float64Array, rows: number, columns: number): Float64Array => {
  const z = new Float64Array(rows * columns)
  for (let j = 0; j < columns; j++) {
    let mean = 0
    for (let i = 0; i < rows; i++) mean += values[i * columns + j]! / rows
    let variance = 0
    for (let i = 0; i < rows; i++) variance += (values[i * columns + j]! - mean) ** 2 / rows
    for (let i = 0; i < rows; i++) z[j * rows + i] = (values[i * columns + j]! - mean) / Math.sqrt(variance)
  }
  return z
}

const product = (z: Float64Array, a: number, b: number, rows: number): number => {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += z[a * rows + i]! * z[b * rows + i]!
  return sum / rows
}

/** Correlations of some pairs of columns over rows that stream by. */
export const correlations = (
  columns: ReadonlyArray<ColumnStatistics>,
  pairs: ReadonlyArray<Pair>,
): { add(values: Float64Array, offset: number): void; result(): ReadonlyArray<number> } => {
  const sums = new Float64Array(pairs.length)
  const z = (j: number, x: number): number => (x - columns[j]!.mean) / columns[j]!.deviation
  return {
    add: (values, offset) => pairs.forEach(([a, b], k) => (sums[k]! += z(a, values[offset + a]!) * z(b, values[offset + b]!))),
    result: () => Array.from(sums, (sum, k) => sum / columns[pairs[k]![0]]!.rows),
  }
}
