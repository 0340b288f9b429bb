import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { DataError } from './error.ts'
import { bytesOf, type DataFile } from './file.ts'
import { checkedNames, positionalNames } from './names.ts'
import { notNumber } from './not-number.ts'
import { labelReader, numberReader, type Read } from './number.ts'
import { allFields, chunkSize, maxColumns, type Chunk, type Field, type Source } from './source.ts'
import { checkedText, maxLine } from './text-bytes.ts'

/** How a text file is to be read. */
export interface CsvOptions {
  /** Whether the first record names the columns; 'auto' looks whether it is text above numbers. */
  readonly header?: boolean | 'auto'
  /** One character; unless said, the one of `,` `;` tab `|` that the first line uses. */
  readonly delimiter?: string
  /** Cells that stand for a missing value. */
  readonly missing?: ReadonlyArray<string>
  /** Columns that hold text and are read as labels. */
  readonly textColumns?: ReadonlyArray<string>
  /** Names for the columns of a table that has none. */
  readonly names?: ReadonlyArray<string>
}

/** What is known of a text table before its rows are read. */
interface Layout {
  readonly delimiter: string
  readonly header: boolean
  readonly columns: ReadonlyArray<string>
}

/**
 * A text table. Its rows are parsed (RFC 4180, by csv-parse) as they are taken; blank lines are no rows.
 *
 * @throws DataError where the text is no table
 */
export const readCsv = async (file: DataFile, options: CsvOptions & { readonly tab?: boolean } = {}): Promise<Source> => {
  const layout = await layoutOf(file.name, () => bytesOf(file), file.head, options)
  return {
    name: file.name,
    columns: layout.columns,
    count: undefined,
    chunks: (size, fields) => csvChunks(file.name, bytesOf(file), layout, chunkSize(size, layout.columns.length), fields, options),
  }
}

/** The rows of a text table in chunks of `size`, read from `bytes` no faster than they are taken. */
export async function* csvChunks(
  name: string,
  bytes: AsyncIterable<Buffer>,
  { delimiter, header, columns }: Layout,
  size: number,
  fields: ReadonlyArray<Field> = allFields(columns),
  { missing, textColumns = [] }: CsvOptions = {},
): AsyncGenerator<Chunk, void, undefined> {
  const asNumber = numberReader(missing)
  const readers = fields.map(({ column, as, onText }): Read =>
    as === 'label' || textColumns.includes(columns[column]!) ? labelReader(missing, onText) : asNumber,
  )
  const fresh = (): { values: Float64Array; lines: Float64Array } => ({
    values: new Float64Array(size * fields.length),
    lines: new Float64Array(size),
  })
  let next = fresh()
  let [row, filled, skip] = [0, 0, header]
  const take = (): Chunk => {
    const chunk: Chunk = {
      firstRow: row - filled + 1,
      rows: filled,
      values: next.values.subarray(0, filled * fields.length),
      lines: next.lines.subarray(0, filled),
    }
    ;[next, filled] = [fresh(), 0]
    return chunk
  }
  const onRecord = (cells: ReadonlyArray<string>, line: number): Chunk | undefined => {
    if (skip) {
      skip = false
      return undefined
    }
    row += 1
    if (cells.length !== columns.length) throw ragged(name, columns.length, cells.length, row, line)
    for (let j = 0; j < fields.length; j++) {
      const cell = cells[fields[j]!.column]!
      const value = readers[j]!(cell)
      if (value === undefined) throw notNumber(name, cell, row, line, columns[fields[j]!.column]!)
      next.values[filled * fields.length + j] = value
    }
    next.lines[filled] = line
    filled += 1
    return filled === size ? take() : undefined
  }
  yield* records(name, bytes, delimiter, onRecord)
  if (filled > 0) yield take()
}

/**
 * Parses `bytes` and gives what `onRecord` returns, if anything, for each record and the line on which it begins.
 *
 * @throws DataError what is wrong with the text, or whatever `onRecord` throws
 */
async function* records<A>(
  name: string,
  bytes: AsyncIterable<Buffer>,
  delimiter: string,
  onRecord: (cells: ReadonlyArray<string>, line: number) => A | undefined,
): AsyncGenerator<A, void, undefined> {
  let [line, blank] = [1, 0]
  const ready: Array<A> = []
  const parser = parse({
    ...oneAhead,
    delimiter,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxLine,
    record_delimiter: ['\r\n', '\n', '\r'],
    // what is returned passes through the stream, whose backpressure is wanted; null does not
    on_record: (cells, info) => {
      line += info.empty_lines - blank
      blank = info.empty_lines
      const result = onRecord(cells, line)
      line += 1 + (info.lines > line ? breaks(cells) : 0)
      if (result === undefined) return null
      ready.push(result)
      return cells
    },
  })
  const piped = pipeline(Readable.from(checkedText(name, bytes), oneAhead), parser).catch(() => undefined)
  try {
    for await (const _ of parser) yield ready.shift()!
  } catch (thrown) {
    throw thrown instanceof CsvError ? malformed(name, thrown, line) : thrown
  } finally {
    await piped
  }
}

/** The streams hold one object ready, not sixteen. */
const oneAhead = { highWaterMark: 1, readableHighWaterMark: 1 }

const breaks = (cells: ReadonlyArray<string>): number => cells.reduce((n, cell) => n + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0)

/** The first records tell the delimiter, the number of columns and whether they are named. */
const layoutOf = async (
  name: string,
  bytes: () => AsyncIterable<Buffer>,
  head: Buffer,
  { header = 'auto', delimiter, names, missing, tab = false }: CsvOptions & { readonly tab?: boolean },
): Promise<Layout> => {
  if (delimiter !== undefined && !/^[^"\r\n]$/u.test(delimiter))
    throw new RangeError(`readTable: expected a delimiter of one character, got ${JSON.stringify(delimiter)}`)
  const separator = delimiter ?? (tab ? '\t' : delimiterOf(head.toString('utf8')))
  const first: Array<{ readonly cells: ReadonlyArray<string>; readonly line: number }> = []
  const keep = (cells: ReadonlyArray<string>, line: number): true | undefined => {
    if (first.length === 2) return undefined
    return first.push({ cells, line }) === 2 ? true : undefined
  }
  for await (const _ of records(name, bytes(), separator, keep)) break
  const top = first[0]
  if (top === undefined) throw new DataError({ file: name, expected: 'a table of numbers', actual: 'no text in the file' })
  if (top.cells.length > maxColumns)
    throw new DataError({ file: name, expected: `at most ${maxColumns} columns`, actual: `${top.cells.length}`, line: top.line })
  const named = header === 'auto' ? isHeader(top.cells, first[1]?.cells, numberReader(missing)) : header
  if (named && first.length < 2) throw new DataError({ file: name, expected: 'rows of numbers', actual: 'a header only' })
  if (!named && names !== undefined && names.length !== top.cells.length)
    throw new DataError({ file: name, expected: `${top.cells.length} names, one for each column`, actual: `${names.length}` })
  const columns = named ? checkedNames(name, top.cells, top.line) : checkedNames(name, names ?? positionalNames(top.cells.length))
  return { delimiter: separator, header: named, columns }
}

/** A header is all text, or has text above what is no text in the record below it. */
const isHeader = (top: ReadonlyArray<string>, below: ReadonlyArray<string> | undefined, read: Read): boolean => {
  const isText = (cell: string | undefined): boolean => cell !== undefined && read(cell) === undefined
  if (!top.some(isText)) return false
  return top.every(cell => isText(cell)) || below === undefined || top.some((cell, i) => isText(cell) && !isText(below[i]))
}

/** A comma where the first line has one outside quotes, else the most frequent of `;` tab and `|`. */
const delimiterOf = (head: string): string => {
  const line = /^\s*([^\r\n]*)/.exec(head.replace(/"[^"]*"/g, ''))?.[1] ?? ''
  const uses = (d: string): number => line.split(d).length - 1
  if (uses(',') > 0) return ','
  return [';', '\t', '|'].reduce((best, d) => (uses(d) > uses(best) ? d : best), ',')
}

const ragged = (file: string, expected: number, actual: number, row: number, line: number): DataError =>
  new DataError({ file, row, line, expected: `${expected} field${expected === 1 ? '' : 's'}`, actual: `${actual}` })

const malformed = (file: string, error: CsvError, line: number): DataError => {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new DataError({
        file,
        line,
        expected: 'a closing quote',
        actual: 'the end of the file',
        advice: `the quote opens on line ${line}`,
      })
    case 'CSV_MAX_RECORD_SIZE':
      return new DataError({ file, line, expected: 'records of at most 16 MiB', actual: 'a longer one', advice: 'is a quote not closed?' })
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE':
      return new DataError({
        file,
        line,
        expected: 'a delimiter after the closing quote',
        actual: 'other text',
        advice: `the quote opens on line ${line}`,
      })
    case 'INVALID_OPENING_QUOTE':
      return new DataError({
        file,
        line,
        expected: 'quotes around a whole field',
        actual: 'a quote inside one',
        advice: 'double the quotes inside a quoted field',
      })
    default:
      return new DataError({ file, line, expected: 'a table of text', actual: error.message })
  }
}
