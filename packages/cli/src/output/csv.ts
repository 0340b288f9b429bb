import type { Matrix } from '@diffeo/train'

/** The names of columns as one line, quoted where they must be (RFC 4180). */
export const csvHeader = (columns: ReadonlyArray<string>, delimiter: string): string => `${columns.map(cell).join(delimiter)}\n`

const cell = (text: string): string => (/[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** For each column whose numbers stand for texts: the text of a number. */
export type Texts = ReadonlyArray<((value: number) => string) | undefined>

/** Rows as lines. Every number is written with the fewest digits that give it back bit for bit, or as the text that it stands for. */
export const csvLines = ({ rows, columns, values }: Matrix, delimiter: string, texts: Texts = []): string => {
  const lines = new Array<string>(rows)
  const plain = texts.every(text => text === undefined)
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * columns, (i + 1) * columns)
    lines[i] = plain ? row.join(delimiter) : Array.from(row, (value, j) => cell(texts[j]?.(value) ?? String(value))).join(delimiter)
  }
  return rows === 0 ? '' : `${lines.join('\n')}\n`
}
