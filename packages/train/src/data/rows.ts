import { DataError, quoted } from './error.ts'
import { labelReader, numberReader } from './number.ts'
import { allFields, chunkSize, type Chunk, type Field, type Source } from './source.ts'

/** A value of a row: a number, or what a file's cell may hold (text is read as in a CSV file). Null and undefined are missing. */
export type Cell = number | string | boolean | bigint | Date | null | undefined

/** One row: named cells, or cells in the order of the columns. */
export type Row = { readonly [column: string]: Cell } | ArrayLike<Cell>

/** What errors call a table in memory. */
export const name = 'rows'

/** Whether a row is a list of cells rather than an object of named ones. */
export const isList = (row: Row): row is ArrayLike<Cell> => Array.isArray(row) || ArrayBuffer.isView(row)

/** A source of `count` rows whose cells are looked up by row and column; `check` refuses a row that is none. */
export const fromCells = (
  columns: ReadonlyArray<string>,
  count: number,
  check: (row: number) => void,
  cell: (row: number, column: number) => unknown,
): Source => ({
  name,
  columns,
  count,
  chunks: async function* (size, fields = allFields(columns)) {
    const step = chunkSize(size, columns.length)
    const fill = filler(columns, fields)
    for (let first = 0; first < count; first += step) {
      const rows = Math.min(step, count - first)
      const values = new Float64Array(rows * fields.length)
      for (let i = 0; i < rows; i++) {
        check(first + i)
        fill(values, i, first + i + 1, column => cell(first + i, column))
      }
      yield { firstRow: first + 1, rows, values }
    }
  },
})

/** Looks a cell up in its row, by the column's place or name. */
export const cellsOf =
  (columns: ReadonlyArray<string>, rowAt: (row: number) => Row) =>
  (at: number, column: number): unknown => {
    const row = rowAt(at)
    if (isList(row)) return row[column]
    const key = columns[column]!
    return Object.hasOwn(row, key) ? row[key] : undefined
  }

/**
 * Refuses what is no row of a table.
 *
 * @param width  the length of a list; undefined where rows are objects
 * @throws DataError naming the row
 */
export const expectRow = (row: unknown, at: number, width: number | undefined): void => {
  const fail = (expected: string, actual: string): DataError => new DataError({ file: name, row: at, expected, actual })
  if (typeof row !== 'object' || row === null) throw fail('an object or a list of cells', row === null ? 'null' : typeof row)
  const list = Array.isArray(row) || ArrayBuffer.isView(row)
  if (list !== (width !== undefined))
    throw fail(width === undefined ? 'an object, as in row 1' : 'a list of cells, as in row 1', list ? 'a list' : 'an object')
  const length = list ? (row as ArrayLike<unknown>).length : undefined
  if (length !== width) throw fail(`${width} cells`, `${length}`)
}

/** Rows as they come, once, in chunks of `size`. */
export async function* streamed(
  columns: ReadonlyArray<string>,
  rows: AsyncIterable<Row> | Iterable<Row>,
  size: number,
  fields: ReadonlyArray<Field>,
): AsyncGenerator<Chunk, void, undefined> {
  const fill = filler(columns, fields)
  let values = new Float64Array(size * fields.length)
  let [seen, filled] = [0, 0]
  let lists: boolean | undefined
  for await (const row of rows) {
    lists ??= typeof row === 'object' && row !== null && isList(row)
    expectRow(row, seen + 1, lists ? columns.length : undefined)
    const cell = cellsOf(columns, () => row)
    fill(values, filled, seen + 1, column => cell(0, column))
    ;[seen, filled] = [seen + 1, filled + 1]
    if (filled < size) continue
    yield { firstRow: seen - filled + 1, rows: filled, values }
    ;[values, filled] = [new Float64Array(size * fields.length), 0]
  }
  if (filled > 0) yield { firstRow: seen - filled + 1, rows: filled, values: values.subarray(0, filled * fields.length) }
}

/** Writes the fields of one row into row i of `values`. */
const filler = (
  columns: ReadonlyArray<string>,
  fields: ReadonlyArray<Field>,
): ((values: Float64Array, i: number, row: number, cell: (column: number) => unknown) => void) => {
  const asNumber = numberReader()
  const readers = fields.map(({ as, onText }) => (as === 'label' ? labelReader(undefined, onText) : asNumber))
  return (values, i, row, cell) => {
    for (let j = 0; j < fields.length; j++) {
      const content = cell(fields[j]!.column)
      const value = typeof content === 'number' ? content : readers[j]!(content)
      if (value === undefined)
        throw new DataError({ file: name, row, column: columns[fields[j]!.column], expected: 'a number', actual: shown(content) })
      values[i * fields.length + j] = value
    }
  }
}

const shown = (content: unknown): string =>
  typeof content === 'string'
    ? quoted(content)
    : typeof content === 'bigint'
      ? `${content}, beyond 2^53`
      : Array.isArray(content)
        ? 'a list'
        : `a ${typeof content}`
