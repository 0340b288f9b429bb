import { DataError, quoted } from './error.ts'

/** The error of a text where a number should be. */
export const notNumber = (file: string, cell: string, row: number, line: number | undefined, column: string): DataError =>
  new DataError({ file, row, line, column, expected: 'a number', actual: quoted(cell), advice: hint(cell) })

const hint = (cell: string): string | undefined => {
  if (/^[+-]?\d*,\d+$/.test(cell)) return 'a decimal comma? write decimal points'
  if (/[;\t|]/.test(cell)) return 'is the delimiter another one?'
  if (/^0[xob]|^\d[\d_' ]+$/i.test(cell)) return 'write it as a plain decimal number'
  if (/\p{L}{2}/u.test(cell)) return 'select the columns of numbers, or name the marker of missing values'
  return undefined
}
