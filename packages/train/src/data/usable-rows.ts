import { DataError } from './error.ts'
import type { Chunk } from './source.ts'

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

/** Tells usable rows from others, and counts the others. */
export interface RowFilter {
  usable(chunk: Chunk, i: number): boolean
  dropped(): Dropped
}

/**
 * A row is usable when all its values are finite and none is masked.
 *
 * @param missing  'refuse': the first missing or infinite value is an error; 'drop': its row is left out
 * @throws DataError naming row, line and column; for a finite value beyond 1e30 in any case
 */
export const rowFilter = (
  file: string,
  names: ReadonlyArray<string>,
  missing: 'refuse' | 'drop',
  masks: ReadonlyArray<Mask>,
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
      if (Math.abs(x) <= maxMagnitude) continue
      if (Number.isFinite(x)) throw refuse(chunk, i, j, 'a number within 1e30', `${x}`, 'rescale the column')
      if (missing === 'refuse')
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
