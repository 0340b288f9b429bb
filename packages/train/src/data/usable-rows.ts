import { DataError, shownNumber } from './error.ts'
import type { Chunk } from './source.ts'

/** A cell's number; texts are read as labels beyond 2^52. */
const shownCell = (x: number): string => (x > 2 ** 52 ? 'another text' : shownNumber(x))

/** Beyond this magnitude float32 arithmetic on a column would soon overflow, and no quantity is as large. */
const maxMagnitude = 1e30

/** Counts of what was left out. */
export interface Dropped {
  readonly rows: number
  readonly cells: ReadonlyArray<number>
  /** For each masked value, in the order of `masks`. */
  readonly masked: ReadonlyArray<number>
}

/** A value of a column (by place) whose rows are left out. */
export interface Mask {
  readonly column: number
  readonly value: number
}

/** What is asked of a column's cells beyond being numbers. */
export interface CellRule {
  /** Cells may be missing: their rows are left out, whatever is done about missing cells elsewhere. */
  readonly missing: boolean
  /** What was expected of a value, where it is none that the column can have. */
  misfit(x: number): string | undefined
}

/** Tells usable rows from others, and counts the others. */
export interface RowFilter {
  usable(chunk: Chunk, i: number): boolean
  dropped(): Dropped
}

/**
 * A row is usable when all its values are finite and none is masked.
 *
 * @param missing  'refuse': the first missing or infinite value is an error; 'drop': its row is left out
 * @param rules    of the first columns, where there is more to ask of them
 * @throws DataError naming row, line and column; for a finite value beyond 1e30 in any case
 */
export const rowFilter = (
  file: string,
  names: ReadonlyArray<string>,
  missing: 'refuse' | 'drop',
  masks: ReadonlyArray<Mask>,
  rules: ReadonlyArray<CellRule> = [],
): RowFilter => {
  const width = names.length
  const cells = names.map(() => 0)
  const masked = masks.map(() => 0)
  let rows = 0
  const refuse = (chunk: Chunk, i: number, j: number, expected: string, actual: string, advice: string): DataError =>
    new DataError({ file, row: chunk.firstRow + i, line: chunk.lines?.[i], column: names[j], expected, actual, advice })
  const isFinite = (chunk: Chunk, i: number): boolean => {
    let finite = true
    for (let j = 0; j < width; j++) {
      const x = chunk.values[i * width + j]!
      const expected = Number.isNaN(x) ? undefined : rules[j]?.misfit(x)
      if (expected !== undefined)
        throw refuse(chunk, i, j, expected, shownCell(x), 'correct the cell, or what the column is declared to be')
      if (Math.abs(x) <= maxMagnitude) continue
      if (Number.isFinite(x)) throw refuse(chunk, i, j, 'a number within 1e30', `${x}`, 'rescale the column')
      if (missing === 'refuse' && !(rules[j]?.missing === true && Number.isNaN(x)))
        throw refuse(chunk, i, j, 'a finite number', Number.isNaN(x) ? 'a missing value' : `${x}`, "drop such rows with missing: 'drop'")
      cells[j]! += 1
      finite = false
    }
    return finite
  }
  return {
    usable: (chunk, i) => {
      if (!isFinite(chunk, i)) {
        rows += 1
        return false
      }
      const k = masks.findIndex(({ column, value }) => chunk.values[i * width + column] === value)
      if (k >= 0) masked[k]! += 1
      return k < 0
    },
    dropped: () => ({ rows, cells: [...cells], masked: [...masked] }),
  }
}
