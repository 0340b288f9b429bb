import { mostCommon, repetitionOf, type Repetition } from './repetition.ts'
import { rowSample, type RowSample } from './row-sample.ts'
import { mixedWith, valueCounter, type ValueCounter } from './value-counts.ts'

/** What one pass over the training rows tells of a column, in float64. */
export interface ColumnStatistics {
  readonly name: string
  readonly rows: number
  readonly mean: number
  /** The standard deviation (with 1/n). */
  readonly deviation: number
  readonly min: number
  readonly max: number
  /** The number of distinct values; an estimate where `exact` is false. */
  readonly distinct: number
  readonly exact: boolean
  /** The most common value, and its share of the rows. */
  readonly common: { readonly value: number; readonly share: number }
  readonly repetition: Repetition
}

/** Statistics of a table, gathered row by row. */
export interface TableStatistics {
  /** Takes the row that begins at `offset`. */
  add(values: Float64Array, offset: number): void
  result(): {
    readonly columns: ReadonlyArray<ColumnStatistics>
    /** A hash of each column's values in order: equal columns have equal ones. */
    readonly hashes: ReadonlyArray<string>
    /** A uniform sample of the rows, row-major. */
    readonly sample: { readonly rows: number; readonly values: Float64Array }
  }
}

/** How many distinct values are held for all columns together, and how many numbers of sampled rows. */
const budget = { values: 2 ** 22, sample: 2 ** 22 }

const clamped = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, Math.floor(x)))

/**
 * Statistics of the rows that are added: mean and deviation by Welford's recurrence, in the order of the rows, so that they do
 * not depend on chunks. Distinct values are counted exactly up to 2^22 of them shared among the columns (2^21 for two columns);
 * row samples hold up to 16,384 rows.
 */
export const tableStatistics = (names: ReadonlyArray<string>): TableStatistics => {
  const width = names.length
  const limit = clamped(budget.values / width, 1024, 2 ** 21)
  const columns = names.map(() => columnAccumulator(limit))
  const sample: RowSample = rowSample(width, clamped(budget.sample / width, 256, 16_384))
  return {
    add: (values, offset) => {
      sample.add(values, offset)
      for (let j = 0; j < width; j++) columns[j]!.add(values[offset + j]!)
    },
    result: () => {
      const rows = sample.result()
      const sampled = (j: number): Float64Array => Float64Array.from({ length: rows.rows }, (_, i) => rows.values[i * width + j]!)
      return {
        columns: columns.map((column, j) => column.result(names[j]!, sampled(j))),
        hashes: columns.map(column => column.hash()),
        sample: rows,
      }
    },
  }
}

interface ColumnAccumulator {
  add(x: number): void
  hash(): string
  result(name: string, sample: Float64Array): ColumnStatistics
}

const columnAccumulator = (limit: number): ColumnAccumulator => {
  const counter: ValueCounter = valueCounter(limit)
  let [rows, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity]
  let [high, low] = [0, 0]
  return {
    add: x => {
      rows += 1
      const distance = x - mean
      mean += distance / rows
      squares += distance * (x - mean)
      if (x < min) min = x
      if (x > max) max = x
      ;[high, low] = mixedWith(x, high, low)
      counter.add(x)
    },
    hash: () => `${high}:${low}`,
    result: (name, sample) => {
      const counts = counter.result()
      const values = { rows, counts, sample }
      return {
        name,
        rows,
        mean,
        deviation: Math.sqrt(squares / rows),
        min,
        max,
        distinct: counts.distinct,
        exact: counts.exact,
        common: mostCommon(values),
        repetition: repetitionOf(values),
      }
    },
  }
}
