import { DataError, quoted } from '../data/error.ts'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { select } from '../data/source.ts'
import type { Source } from '../data/source.ts'
import { tableFrom } from '../data/table-from.ts'
import { misfit } from '../table/place.ts'
import type { Data } from './contract.ts'

/** Rows of the table, in a model's order of columns, in the table's own units; categories as labels. */
export interface TableChunk {
  /** The number of row i in the table, from 1: what is drawn for a row depends on it alone. */
  numberOf(i: number): number
  readonly rows: number
  /** [rows, width]; NaN for what is missing. */
  readonly values: Float64Array
  /** Whether some value of a row is none that its column can have: no density there. */
  readonly impossible: ReadonlyArray<boolean>
}

const isCategorical = ({ kind }: ColumnSchema): boolean => kind?._tag === 'categorical'

/** The columns of a table that a model reads, in its order. Rows without names are taken to be in that order already. */
const modelSource = (data: Data, columns: ReadonlyArray<ColumnSchema>, texts: ReadonlyArray<Map<number, string>>): Source => {
  const names = columns.map(({ name }) => name)
  return select(tableFrom(data, { columns: names, once: true }), names, {
    labels: columns.filter(isCategorical).map(({ name }) => name),
    onText: column => (text, label) => texts[names.indexOf(column)]!.set(label, text),
  })
}

/**
 * A table's rows, a chunk at a time, looked at cell by cell. A missing value is NaN where the column may lack it, or where the model drops
 * such rows.
 *
 * @throws DataError naming row and column where a value is missing or not finite, or a text is none of the column's categories
 */
export async function* tableChunks(
  data: Data,
  columns: ReadonlyArray<ColumnSchema>,
  missing: Schema['missing'],
  size: number,
): AsyncGenerator<TableChunk, void, undefined> {
  const texts = columns.map(() => new Map<number, string>())
  const source = modelSource(data, columns, texts)
  const misfits = columns.map(misfit)
  const width = columns.length
  for await (const { firstRow, rows, values, lines } of source.chunks(size)) {
    const refused = (i: number, j: number, expected: string, actual: string): DataError =>
      new DataError({ file: source.name, row: firstRow + i, line: lines?.[i], column: columns[j]!.name, expected, actual })
    const isPossible = (i: number, j: number): boolean => {
      const value = values[i * width + j]!
      if (Number.isNaN(value)) {
        if (columns[j]!.missing === true || missing === 'drop') return true
        throw refused(i, j, 'a finite number', 'a missing value')
      }
      if (!Number.isFinite(value)) throw refused(i, j, 'a finite number', quoted(String(value)))
      const expected = misfits[j]!(value)
      if (expected === undefined) return true
      if (isCategorical(columns[j]!)) throw refused(i, j, expected, quoted(texts[j]!.get(value) ?? String(value)))
      return false
    }
    const impossible = Array.from({ length: rows }, (_, i) => columns.map((__, j) => isPossible(i, j)).includes(false))
    yield { numberOf: i => firstRow + i, rows, values, impossible }
  }
}

/** The columns of a model's rows: the event's, then the conditioning ones. */
export const rowColumns = ({ columns, given }: Schema): ReadonlyArray<ColumnSchema> => [...columns, ...given]

/** Values on a column's lattice moved to the middle of their cell, where training put noise; a copy where there is any. */
export const centred = (values: Float64Array, columns: ReadonlyArray<ColumnSchema>): Float64Array => {
  if (columns.every(({ step, kind }) => step === null || kind?._tag === 'integer')) return values
  const width = columns.length
  return values.map((value, at) => {
    const { step, kind } = columns[at % width]!
    return step !== null && kind?._tag !== 'integer' && isMultiple(value, step) ? value + step / 2 : value
  })
}

const isMultiple = (value: number, step: number): boolean => {
  const count = value / step
  return Math.abs(count - Math.round(count)) <= 1e-6
}
