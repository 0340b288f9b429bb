import type { Matrix } from '../matrix.ts'

/**
 * Checks that there are rows and that none holds a NaN.
 *
 * @throws RangeError naming the row and column
 */
export const expectNumbers = (name: string, what: string, rows: Matrix): void =>
  expectEach(name, what, rows, x => !Number.isNaN(x), 'numbers')

/**
 * Checks that there are at least two rows and that each is finite.
 *
 * @throws RangeError naming the row and column
 */
export const expectFinite = (name: string, what: string, rows: Matrix): void => {
  if (rows.rows === 1) throw new RangeError(`${name}: expected at least 2 rows of ${what}, got 1`)
  expectEach(name, what, rows, Number.isFinite, 'finite numbers')
}

const expectEach = (name: string, what: string, { rows, columns, values }: Matrix, good: (x: number) => boolean, kind: string): void => {
  if (rows < 1 || columns < 1) throw new RangeError(`${name}: expected ${what} of one row or more, got ${rows} x ${columns}`)
  const bad = values.findIndex(x => !good(x))
  if (bad >= 0)
    throw new RangeError(
      `${name}: expected ${kind}, got ${values[bad]!} at ${what}, row ${Math.floor(bad / columns)}, column ${bad % columns}`,
    )
}

/**
 * Checks that two tables have the same columns.
 *
 * @throws RangeError when they do not
 */
export const expectSameColumns = (name: string, a: Matrix, b: Matrix): void => {
  if (a.columns !== b.columns) throw new RangeError(`${name}: expected ${a.columns} columns in b, got ${b.columns}`)
}
