import type { Matrix } from '@diffeo/train'

/** The names of columns as one line, quoted where they must be (RFC 4180). */
export const csvHeader = (columns: ReadonlyArray<string>, delimiter: string): string =>
  `${columns.map(name => (/[",;\t\r\n]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(delimiter)}\n`

/** Rows as lines. Every number is written with the fewest digits that give it back bit for bit. */
export const csvLines = ({ rows, columns, values }: Matrix, delimiter: string): string => {
  const lines = new Array<string>(rows)
  for (let i = 0; i < rows; i++) lines[i] = values.subarray(i * columns, (i + 1) * columns).join(delimiter)
  return rows === 0 ? '' : `${lines.join('\n')}\n`
}
