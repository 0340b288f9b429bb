import { joinColumns, type Matrix } from '../matrix.ts'
import type { BaselineOptions } from './baseline.ts'

/** Rows [given, event] of a conditional fit (given first), or the event's alone. */
export interface JointRows {
  readonly train: Matrix
  readonly validation: Matrix
  /** How many of the leading columns are given. */
  readonly givenColumns: number
}

/**
 * The joint rows that a baseline is fitted to.
 *
 * @throws RangeError when there are too few rows, or columns that differ
 */
export const jointRows = (name: string, train: Matrix, validation: Matrix, { given }: BaselineOptions): JointRows => {
  if (train.rows < 2) throw new RangeError(`${name}: expected at least 2 training rows, got ${train.rows}`)
  if (validation.rows < 1) throw new RangeError(`${name}: expected at least 1 validation row, got none`)
  if (validation.columns !== train.columns)
    throw new RangeError(`${name}: expected ${train.columns} validation columns, got ${validation.columns}`)
  if (given === undefined) return { train, validation, givenColumns: 0 }
  return {
    train: joinColumns(given.train, train),
    validation: joinColumns(given.validation, validation),
    givenColumns: given.train.columns,
  }
}

/**
 * The joint rows of a call.
 *
 * @throws RangeError when `given` is missing, superfluous or of another width, or the rows are
 */
export const joinGiven = (name: string, rows: Matrix, given: Matrix | undefined, columns: number, givenColumns: number): Matrix => {
  if (rows.columns !== columns) throw new RangeError(`${name}: expected ${columns} columns, got ${rows.columns}`)
  const known = givenRows(name, given, rows.rows, givenColumns)
  return known === undefined ? rows : joinColumns(known, rows)
}

/**
 * What is given, checked; undefined where the fit is unconditional.
 *
 * @throws RangeError when `given` is missing, superfluous, or neither of one row nor of n
 */
export const givenRows = (name: string, given: Matrix | undefined, n: number, givenColumns: number): Matrix | undefined => {
  if ((given?.columns ?? 0) !== givenColumns)
    throw new RangeError(
      `${name}: expected ${givenColumns} given columns, got ${given?.columns ?? 0}; pass what the baseline was fitted with`,
    )
  if (given !== undefined && given.rows !== n && given.rows !== 1)
    throw new RangeError(`${name}: expected ${n} given rows or 1, got ${given.rows}`)
  return given
}
