import { resolve } from 'node:path'
import { nearest } from '@diffeo/codec'
import { CliError, flagError } from '../failure.ts'
import { valuesOf } from '../flags/list.ts'
import { decimal } from '../flags/number.ts'
import { categoryLabel, categoryOfLabel, collect, matrix, select } from '@diffeo/train'
import type { Chunk, ColumnSchema, Given, Matrix, Model, Source } from '@diffeo/train'
import type { Context } from './context.ts'

/** What samples are conditioned on: rows of the conditioning columns, [rows, C]; none for a model without any. */
export interface GivenRows {
  readonly names: ReadonlyArray<string>
  /** Categories are the labels that stand for them in a table that is read. */
  readonly rows: Matrix
  readonly columns: ReadonlyArray<ColumnSchema>
}

/**
 * Reads `--given`: values such as `a=1,b=2`, or the path of a table that has the model's conditioning columns.
 *
 * @throws CliError when they are not the model's conditioning columns
 * @throws DataError when the table lacks one of them or a value of them
 */
export const givenRows = async ({ io, library }: Context, model: Model, text: string | undefined): Promise<GivenRows | undefined> => {
  const names = model.schema.given.map(({ name }) => name)
  if (names.length === 0) {
    if (text !== undefined) throw flagError('--given', 'nothing: the model has no conditioning columns', `'${text}'`)
    return undefined
  }
  if (text === undefined)
    throw new CliError(
      `--given: expected values for ${quotedList(names)}, got none; say --given ${names.map(name => `${name}=1`).join(',')}`,
    )
  const values = valuesOf('--given', text)
  const columns = model.schema.given
  if (values !== undefined) {
    const row = Float64Array.from(orderedValues(columns, values))
    return { names, rows: matrix(1, names.length, row), columns }
  }
  const labels = columns.filter(column => categoryLabel(column) !== undefined).map(({ name }) => name)
  const table = await collect(select(await library.readTable(resolve(io.cwd, text)), names, { labels }))
  const bad = table.values.findIndex(value => !Number.isFinite(value))
  if (bad >= 0)
    throw flagError(
      '--given',
      `a finite number in '${text}' for '${names[bad % names.length]}'`,
      `${table.values[bad]} in row ${Math.floor(bad / names.length) + 1}`,
    )
  return { names, rows: matrix(table.rows, names.length, table.values), columns }
}

const orderedValues = (columns: ReadonlyArray<ColumnSchema>, values: { readonly [column: string]: string }): ReadonlyArray<number> => {
  const names = columns.map(({ name }) => name)
  const unknown = Object.keys(values).find(name => !names.includes(name))
  if (unknown !== undefined) {
    const near = nearest(unknown, names)
    throw flagError(
      '--given',
      `the columns ${quotedList(names)}`,
      `'${unknown}'`,
      near === undefined ? undefined : `did you mean '${near}'?`,
    )
  }
  const missing = names.find(name => !Object.hasOwn(values, name))
  if (missing !== undefined) throw flagError('--given', `a value for '${missing}'`, 'none')
  return columns.map(column => {
    const text = values[column.name]!
    const { kind } = column
    if (kind?._tag === 'categorical') {
      if (kind.categories!.includes(text)) return categoryLabel(column)!(text)
      throw flagError('--given', `one of ${kind.categories!.slice(0, 8).join(', ')} for '${column.name}'`, `'${text}'`)
    }
    const number = decimal(text)
    if (number === undefined) throw flagError('--given', `a number for '${column.name}'`, `'${text}'`)
    return number
  })
}

const quotedList = (names: ReadonlyArray<string>): string => names.map(name => `'${name}'`).join(', ')

/** What `model.sample` is given for `times` samples of each row. A single row goes as values: the flow then looks at them once. */
export const givenTo = (given: GivenRows, times: number): Given =>
  given.rows.rows === 1
    ? Object.fromEntries(
        given.columns.map((column, j) => [column.name, categoryOfLabel(column)?.(given.rows.values[j]!) ?? given.rows.values[j]!]),
      )
    : repeatedRows(given, times)

/** Samples with given values behind them, each with those of the row that `rowOf` says. */
export const withGiven = (samples: Matrix, given: Matrix, rowOf: (sample: number) => number): Matrix => {
  const width = samples.columns + given.columns
  const values = new Float64Array(samples.rows * width)
  for (let i = 0; i < samples.rows; i++) {
    values.set(samples.values.subarray(i * samples.columns, (i + 1) * samples.columns), i * width)
    values.set(given.values.subarray(rowOf(i) * given.columns, (rowOf(i) + 1) * given.columns), i * width + samples.columns)
  }
  return matrix(samples.rows, width, values)
}

/** Each row `times` over, one after another, as a table that is made while it is read. */
const repeatedRows = ({ names, rows }: GivenRows, times: number): Source => {
  const count = rows.rows * times
  return {
    name: 'given',
    columns: names,
    count,
    chunks: async function* (
      size = 4096,
      fields = names.map((_, column) => ({ column, as: 'number' as const })),
    ): AsyncGenerator<Chunk, void, undefined> {
      for (let first = 0; first < count; first += size) {
        const n = Math.min(size, count - first)
        const values = new Float64Array(n * fields.length)
        for (let i = 0; i < n; i++) {
          const row = Math.floor((first + i) / times)
          fields.forEach(({ column }, j) => {
            values[i * fields.length + j] = rows.values[row * names.length + column]!
          })
        }
        yield { firstRow: first + 1, rows: n, values }
      }
    },
  }
}
