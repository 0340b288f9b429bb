import { nearest } from '@diffeo/codec'
import { DataError, quoted } from './error.ts'

/** Consecutive rows of a table. */
export interface Chunk {
  /** The number of the first row, counted from 1 as a person would. */
  readonly firstRow: number
  readonly rows: number
  /** Row-major [rows, columns]; NaN stands for a missing value. */
  readonly values: Float64Array
  /** The line of the file on which each row begins, where the source is a text file. */
  readonly lines?: Float64Array
}

/** One column to read: as numbers, or as labels that only tell groups apart (text is hashed). */
export interface Field {
  readonly column: number
  readonly as: 'number' | 'label'
  /** Told of every text that is read as a label. */
  readonly onText?: OnText
}

/** Hears of a text and of the label that stands for it. */
export type OnText = (text: string, label: number) => void

/** A table of numbers that is read in chunks. Cells are converted as they are read, and only those of the fields asked for. */
export interface Source {
  /** The file's name, or 'rows'. */
  readonly name: string
  readonly columns: ReadonlyArray<string>
  /** The number of rows where it is known before reading. */
  readonly count: number | undefined
  /**
   * The rows in order, at most `size` at a time, read no faster than they are taken. Each call reads anew.
   *
   * @param fields  all columns as numbers, unless said
   * @throws DataError where the data is not a table of numbers
   */
  chunks(size?: number, fields?: ReadonlyArray<Field>): AsyncIterable<Chunk>
}

/** The widest table that is read. */
export const maxColumns = 10_000

/** The rows of a chunk, unless said: 4096, fewer where rows are long. */
export const defaultSize = (width: number): number => Math.max(1, Math.min(4096, Math.floor(2 ** 19 / Math.max(1, width))))

/** A chunk size as `chunks` takes it.
 * @throws RangeError when it is no positive integer
 */
export const chunkSize = (size: number | undefined, width: number): number => {
  if (size === undefined) return defaultSize(width)
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`chunks: expected a positive whole number of rows, got ${size}`)
  return size
}

/** All columns as numbers. */
export const allFields = (columns: ReadonlyArray<string>): ReadonlyArray<Field> =>
  columns.map((_, column): Field => ({ column, as: 'number' }))

/**
 * The index of a column by its name.
 *
 * @throws DataError when the source has no such column; it lists the candidates and suggests the nearest
 */
export const columnIndex = (source: Source, name: string): number => {
  const found = source.columns.indexOf(name)
  if (found >= 0) return found
  const near = nearest(name, source.columns)
  throw new DataError({
    file: source.name,
    column: name,
    expected: `one of the columns ${listed(source.columns)}`,
    actual: 'no such column',
    advice: near === undefined ? undefined : `did you mean ${quoted(near)}?`,
    candidates: source.columns,
  })
}

/**
 * The same table with these columns only, in this order. The others are not converted: text in them does not matter.
 *
 * @param labels  those of `columns` that are read as labels
 * @param onText  for a column that is read as labels, what is told of its texts
 * @throws DataError when a name is unknown or stands twice
 */
export const select = (
  source: Source,
  columns: ReadonlyArray<string>,
  { labels = [], onText }: { readonly labels?: ReadonlyArray<string>; readonly onText?: (column: string) => OnText } = {},
): Source => {
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined)
    throw new DataError({ file: source.name, column: twice, expected: 'each column to be selected once', actual: 'it twice' })
  const fields = columns.map((name): Field => {
    const column = columnIndex(source, name)
    if (!labels.includes(name)) return { column, as: 'number' }
    return { column, as: 'label', ...(onText !== undefined && { onText: onText(name) }) }
  })
  return {
    name: source.name,
    columns: [...columns],
    count: source.count,
    chunks: (size, inner) =>
      source.chunks(
        size ?? defaultSize(fields.length),
        inner === undefined
          ? fields
          : inner.map(({ column, as, ...told }): Field => ({ ...fields[column]!, ...told, ...(as === 'label' && { as }) })),
      ),
  }
}

/** The whole table in memory, row-major. */
export const collect = async (
  source: Source,
): Promise<{ readonly columns: ReadonlyArray<string>; readonly rows: number; readonly values: Float64Array }> => {
  const parts: Array<Float64Array> = []
  let rows = 0
  for await (const chunk of source.chunks()) {
    parts.push(chunk.values)
    rows += chunk.rows
  }
  const values = new Float64Array(rows * source.columns.length)
  let at = 0
  for (const part of parts) {
    values.set(part, at)
    at += part.length
  }
  return { columns: source.columns, rows, values }
}

/** Up to eight names, quoted, and how many more there are. */
export const listed = (names: ReadonlyArray<string>): string =>
  names.length > 8 ? `${names.slice(0, 8).map(quoted).join(', ')} and ${names.length - 8} more` : names.map(quoted).join(', ')
