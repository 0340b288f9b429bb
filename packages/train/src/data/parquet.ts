import { parquetMetadataAsync, parquetScan, parquetSchema, type AsyncBuffer, type FileMetaData, type ParquetScan } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataError, escaped, quoted } from './error.ts'
import { reading, withReader, type DataFile, type Reader } from './file.ts'
import { checkedNames } from './names.ts'
import { labelReader, numberReader } from './number.ts'
import { allFields, chunkSize, type Chunk, type Field, type Source } from './source.ts'

/** Times as seconds since 1970, so that they are numbers like others. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint): number => Number(millis) / 1e3,
  timestampFromMicroseconds: (micros: bigint): number => Number(micros) / 1e6,
  timestampFromNanoseconds: (nanos: bigint): number => Number(nanos / 1000n) / 1e6,
  dateFromDays: (days: number): number => days * 86_400,
}

/**
 * A Parquet file (by hyparquet): its top-level columns of numbers, booleans, times (as seconds since 1970) and text. A row
 * group is held in memory at a time, of the fields asked for.
 *
 * @throws DataError when the file is damaged
 */
export const readParquet = async (file: DataFile, { missing }: { readonly missing?: ReadonlyArray<string> } = {}): Promise<Source> => {
  const metadata = await withReader(file, reader => guarded(file.name, () => parquetMetadataAsync(bufferOf(file, reader))))
  const children = parquetSchema(metadata).children
  const columns = checkedNames(
    file.name,
    children.map(child => child.element.name),
  )
  const nested = new Set(
    children.filter(child => child.children.length > 0 || child.element.repetition_type === 'REPEATED').map(c => c.element.name),
  )
  const count = Number(metadata.num_rows)
  const groups = metadata.row_groups.reduce((n, group) => n + Number(group.num_rows), 0)
  if (!Number.isSafeInteger(count) || count < 0 || groups !== count)
    throw damaged(file.name, `${groups} rows in its groups and ${count} in its footer`)
  if (count === 0) throw new DataError({ file: file.name, expected: 'rows of numbers', actual: 'an empty table' })
  return {
    name: file.name,
    columns,
    count,
    chunks: (size, fields = allFields(columns)) => {
      const held = fields.find(({ column }) => nested.has(columns[column]!))
      if (held !== undefined)
        throw new DataError({ file: file.name, column: columns[held.column], expected: 'a column of numbers', actual: 'a nested one' })
      return reading(file, reader => parquetChunks(file, reader, metadata, columns, chunkSize(size, columns.length), fields, missing))
    },
  }
}

async function* parquetChunks(
  file: DataFile,
  reader: Reader,
  metadata: FileMetaData,
  columns: ReadonlyArray<string>,
  size: number,
  fields: ReadonlyArray<Field>,
  missing: ReadonlyArray<string> | undefined,
): AsyncGenerator<Chunk, void, undefined> {
  const names = [...new Set(fields.map(({ column }) => columns[column]!))]
  const scan = await guarded(file.name, () =>
    parquetScan({ file: bufferOf(file, reader), metadata, columns: names, compressors, parsers, geoparquet: false }),
  )
  for (const { rowStart, rowEnd } of scan.ranges) {
    const group = await readGroup(file.name, scan, columns, fields, rowStart, rowEnd, missing)
    for (let from = 0; from < rowEnd - rowStart; from += size) {
      const rows = Math.min(size, rowEnd - rowStart - from)
      const values = new Float64Array(rows * fields.length)
      for (let i = 0; i < rows; i++) for (let j = 0; j < fields.length; j++) values[i * fields.length + j] = group[j]![from + i]!
      yield { firstRow: rowStart + from + 1, rows, values }
    }
  }
}

/** The fields' numbers in one row group, a column each. */
const readGroup = async (
  name: string,
  scan: ParquetScan,
  columns: ReadonlyArray<string>,
  fields: ReadonlyArray<Field>,
  rowStart: number,
  rowEnd: number,
  missing: ReadonlyArray<string> | undefined,
): Promise<ReadonlyArray<Float64Array>> => {
  const group: Array<Float64Array> = []
  for (const { column, as, onText } of fields) {
    const label = columns[column]!
    const cells: ArrayLike<unknown> = await guarded(name, () => scan.readColumn({ column: label, rowStart, rowEnd }))
    if (cells.length !== rowEnd - rowStart)
      throw damaged(name, `${cells.length} of ${rowEnd - rowStart} values in the column ${quoted(label)}`)
    const read = as === 'label' ? labelReader(missing, onText) : numberReader(missing)
    group.push(
      Float64Array.from(cells, (cell, i) => {
        const value = read(cell)
        if (value !== undefined) return value
        const actual = typeof cell === 'string' ? quoted(cell) : typeof cell === 'bigint' ? `${cell}, beyond 2^53` : 'something else'
        throw new DataError({ file: name, row: rowStart + i + 1, column: label, expected: 'a number', actual })
      }),
    )
  }
  return group
}

const bufferOf = (file: DataFile, reader: Reader): AsyncBuffer => ({
  byteLength: file.size,
  slice: async (start, end = file.size) => {
    const from = start < 0 ? file.size + start : start
    if (from < 0 || end > file.size || end < from) throw new RangeError(`bytes ${from} to ${end} lie outside the file`)
    const bytes = await reader.read(from, end - from)
    return new Uint8Array(bytes).buffer
  },
})

const damaged = (file: string, actual: string): DataError => new DataError({ file, expected: 'a whole Parquet file', actual })

/** What hyparquet throws on a damaged file, as a DataError. */
const guarded = async <A>(file: string, body: () => Promise<A>): Promise<A> => {
  try {
    return await body()
  } catch (thrown) {
    if (thrown instanceof DataError) throw thrown
    throw damaged(file, `one that cannot be read (${escaped(thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 200)})`)
  }
}
