import { foldIn, uniformArray, type Key } from '@diffeo/core'
import type { ColumnSchema } from './schema.ts'

/** Rows that share one draw of noise: row r takes number r mod this of block floor(r / this). */
const block = 4096

/**
 * Adds uniform noise on [0, step) to the columns that have a step: a value v, which stands for the cell [v, v + step) of its
 * lattice, becomes a point of that cell. In float64, in the data's units.
 *
 * The noise of a cell depends on the key, the column's place and the row's number alone, however rows are cut into chunks.
 *
 * @returns a function of rows [n, width] that begin with the columns, and the numbers of these rows (from 1); it writes into them
 */
export const dequantizer = (
  columns: ReadonlyArray<ColumnSchema>,
  key: Key,
): ((values: Float64Array, width: number, rowNumber: (i: number) => number) => void) => {
  const noisy = columns.flatMap(({ step }, j) => (step === null ? [] : [{ j, step, uniform: blockwise(foldIn(key, j)) }]))
  return (values, width, rowNumber) => {
    const rows = values.length / width
    for (const { j, step, uniform } of noisy) for (let i = 0; i < rows; i++) values[i * width + j]! += step * uniform(rowNumber(i) - 1)
  }
}

/** The uniform number of a row; the block of the last one is kept, since rows come in order. */
const blockwise = (key: Key): ((row: number) => number) => {
  let at = -1
  let numbers: Float32Array = new Float32Array(0)
  return row => {
    const wanted = Math.floor(row / block)
    if (wanted !== at) [at, numbers] = [wanted, uniformArray(foldIn(key, wanted), block)]
    return numbers[row % block]!
  }
}
