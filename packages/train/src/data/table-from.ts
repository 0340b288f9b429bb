import { DataError, quoted } from './error.ts'
import { checkedNames, positionalNames } from './names.ts'
import { cellsOf, expectRow, fromCells, isList, name, streamed, type Cell, type Row } from './rows.ts'
import { allFields, chunkSize, maxColumns, type Source } from './source.ts'

/** What is used of a tensor [N, D], or [N] for one column. */
export interface TensorLike {
  readonly shape: ReadonlyArray<number>
  readonly dtype: string
  data(): Promise<ArrayLike<number>>
}

/** A table that a program holds. A flat array takes its width from the names of its columns. */
export type Rows =
  Source | TensorLike | Float32Array | Float64Array | Iterable<Row> | AsyncIterable<Row> | { readonly [column: string]: ArrayLike<Cell> }

/** How rows in memory are to be read. */
export interface TableOptions {
  /** The columns to read from named rows; the names of the columns of others. */
  readonly columns?: ReadonlyArray<string>
  /** The row length of a flat array, where `columns` does not tell it. */
  readonly width?: number
  /** Read an iterable as it comes, once, without holding its rows; needs `columns`. */
  readonly once?: boolean
}

/**
 * A table in memory as a Source: an array of objects or of arrays, a record of columns, a flat Float32Array or Float64Array,
 * a tensor, an iterable. Cells are converted a chunk at a time. An iterable that can be read only once is collected, unless
 * `once` is set; an asynchronous one needs `columns` (`sourceFrom` does not).
 *
 * @throws DataError where the rows are no table
 * @example tableFrom([{ x: 1, y: 2 }, { x: 3, y: 4 }])
 * @example tableFrom(new Float32Array([1, 2, 3, 4]), { columns: ['x', 'y'] })
 */
export const tableFrom = (rows: Rows, options: TableOptions = {}): Source => {
  if (isSource(rows)) return rows
  if (isTensor(rows)) return fromTensor(rows, options)
  if (rows instanceof Float32Array || rows instanceof Float64Array) return fromFlat(rows, options)
  if (Array.isArray(rows)) return fromRows(rows, options)
  if (isAsyncIterable(rows) || (isIterable(rows) && options.once === true)) return fromStream(rows, options)
  if (isIterable(rows)) return fromRows([...rows], options)
  if (typeof rows === 'object' && rows !== null) return fromColumns(rows, options)
  throw problem('rows, columns, a flat array, a tensor or an iterable', typeof rows)
}

/**
 * `tableFrom`, and an asynchronous iterable without `columns`: it is collected.
 *
 * @throws DataError where the rows are no table
 */
export const sourceFrom = async (rows: Rows, options: TableOptions = {}): Promise<Source> => {
  if (isSource(rows) || !isAsyncIterable(rows) || options.once === true) return tableFrom(rows, options)
  const held: Array<Row> = []
  for await (const row of rows) held.push(row)
  return fromRows(held, options)
}

const problem = (expected: string, actual: string, advice?: string): DataError => new DataError({ file: name, expected, actual, advice })

const isSource = (rows: unknown): rows is Source =>
  typeof rows === 'object' && rows !== null && 'chunks' in rows && typeof rows.chunks === 'function' && 'columns' in rows

const isTensor = (rows: unknown): rows is TensorLike =>
  typeof rows === 'object' && rows !== null && 'dataId' in rows && 'shape' in rows && 'data' in rows && typeof rows.data === 'function'

const isAsyncIterable = (rows: unknown): rows is AsyncIterable<Row> =>
  typeof rows === 'object' && rows !== null && Symbol.asyncIterator in rows

const isIterable = (rows: unknown): rows is Iterable<Row> => typeof rows === 'object' && rows !== null && Symbol.iterator in rows

const isArrayLike = (list: unknown): list is ArrayLike<Cell> => Array.isArray(list) || (ArrayBuffer.isView(list) && 'length' in list)

/** The names of `width` columns: those given, which must be as many, or x1, x2, ... */
const namesFor = (width: number, columns: ReadonlyArray<string> | undefined): ReadonlyArray<string> => {
  if (width > maxColumns) throw problem(`at most ${maxColumns} columns`, `${width}`)
  if (columns !== undefined && columns.length !== width) throw problem(`${width} column names`, `${columns.length}`)
  return checkedNames(name, columns ?? positionalNames(width))
}

const fromRows = (rows: ReadonlyArray<Row>, { columns: wanted }: TableOptions): Source => {
  const top = rows[0]
  if (top === undefined) throw problem('rows', 'none')
  if (typeof top === 'number')
    throw problem('rows that are objects or lists', 'numbers', 'pass a Float64Array and the names of its columns')
  if (typeof top !== 'object' || top === null) throw problem('rows that are objects or lists', typeof top)
  const columns = isList(top) ? namesFor(top.length, wanted) : checkedNames(name, wanted ?? Object.keys(top))
  if (columns.length === 0) throw problem('rows with columns', 'an empty row')
  return fromCells(
    columns,
    rows.length,
    row => expectRow(rows[row], row + 1, isList(top) ? columns.length : undefined),
    cellsOf(columns, row => rows[row]!),
  )
}

const fromColumns = (record: { readonly [column: string]: ArrayLike<Cell> }, { columns: wanted }: TableOptions): Source => {
  const columns = checkedNames(name, wanted ?? Object.keys(record))
  const lists = columns.map(column => {
    const list: unknown = Object.hasOwn(record, column) ? record[column] : undefined
    if (isArrayLike(list)) return list
    throw new DataError({
      file: name,
      column,
      expected: 'a list of numbers',
      actual: list === undefined ? 'no such column' : `a ${typeof list}`,
      candidates: Object.keys(record),
    })
  })
  const count = lists[0]?.length ?? 0
  if (count === 0) throw problem('columns of numbers', columns.length === 0 ? 'an empty record' : 'empty columns')
  const other = lists.findIndex(list => list.length !== count)
  if (other >= 0)
    throw new DataError({
      file: name,
      column: columns[other],
      expected: `${count} values, as in ${quoted(columns[0]!)}`,
      actual: `${lists[other]!.length}`,
    })
  return fromCells(
    columns,
    count,
    () => undefined,
    (row, column) => lists[column]![row],
  )
}

const fromFlat = (values: Float32Array | Float64Array, { columns: wanted, width = wanted?.length }: TableOptions): Source => {
  if (width === undefined) throw problem('the names of the columns, or the width, of a flat array', 'neither', "say columns: ['x', 'y']")
  if (!Number.isSafeInteger(width) || width < 1) throw new RangeError(`tableFrom: expected a positive whole width, got ${width}`)
  const columns = namesFor(width, wanted)
  if (values.length === 0) throw problem('rows', 'none')
  if (values.length % width !== 0) throw problem(`a multiple of ${width} values`, `${values.length}`)
  return fromCells(
    columns,
    values.length / width,
    () => undefined,
    (row, column) => values[row * width + column],
  )
}

const fromTensor = (tensor: TensorLike, { columns: wanted }: TableOptions): Source => {
  const [rows = -1, width = 1] = tensor.shape
  if (tensor.shape.length < 1 || tensor.shape.length > 2)
    throw problem('a tensor [N, D] or [N]', `one of shape [${tensor.shape.join(', ')}]`)
  if (!['float32', 'int32', 'bool'].includes(tensor.dtype)) throw problem('a tensor of numbers', `one of dtype ${tensor.dtype}`)
  if (rows === 0 || width === 0) throw problem('rows', `an empty tensor of shape [${tensor.shape.join(', ')}]`)
  const columns = namesFor(width, wanted)
  return {
    name,
    columns,
    count: rows,
    chunks: async function* (size, fields) {
      const data = await tensor.data()
      yield* fromCells(
        columns,
        rows,
        () => undefined,
        (row, column) => data[row * width + column],
      ).chunks(size, fields)
    },
  }
}

const fromStream = (rows: AsyncIterable<Row> | Iterable<Row>, { columns: wanted, once = false }: TableOptions): Source => {
  if (wanted === undefined)
    throw problem('the names of the columns of rows that come later', 'none', "say columns: ['x', 'y'], or await sourceFrom(rows)")
  const columns = checkedNames(name, wanted)
  let held: Promise<Source> | undefined
  let taken = false
  const collected = async (): Promise<Source> => {
    const all: Array<Row> = []
    for await (const row of rows) all.push(row)
    return fromRows(all, { columns })
  }
  return {
    name,
    columns,
    count: undefined,
    chunks: async function* (size, fields = allFields(columns)) {
      if (!once) {
        held ??= collected()
        yield* (await held).chunks(size, fields)
        return
      }
      if (taken) throw problem('rows that can be read again', 'ones that were read', 'collect them first')
      taken = true
      yield* streamed(columns, rows, chunkSize(size, columns.length), fields)
    },
  }
}
