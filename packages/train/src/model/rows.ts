import { DataError, quoted } from '../data/error.ts'
import { schemaColumns } from '../data/schema.ts'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { select } from '../data/source.ts'
import type { Chunk, Source } from '../data/source.ts'
import { standardizer } from '../data/standardize.ts'
import { tableFrom } from '../data/table-from.ts'
import type { Data } from './contract.ts'

/** A chunk of standardized rows, ready for the flow. */
export interface StandardizedChunk {
  readonly rows: number
  readonly event: Float32Array
  readonly context: Float32Array | undefined
}

/** The columns of a table that a model reads, in its order. Rows without names are taken to be in that order already. */
export const modelSource = (data: Data, columns: ReadonlyArray<string>): Source => select(tableFrom(data, { columns, once: true }), columns)

/**
 * A table's rows standardized by a model's schema, a chunk at a time. A value that stands for a cell of an instrument's lattice
 * is scored at the middle of the cell, where training put noise. A missing value gives NaN where the model drops such rows.
 *
 * @throws DataError naming row and column where a value is missing or not finite
 */
export async function* standardizedChunks(data: Data, schema: Schema, size: number): AsyncGenerator<StandardizedChunk, void, undefined> {
  const columns = schemaColumns(schema)
  const source = modelSource(data, columns)
  const toLatent = standardizer(schema)
  for await (const chunk of source.chunks(size)) {
    refuseMissing(source, chunk, schema)
    const values = centred(chunk.values, [...schema.columns, ...schema.given])
    yield { rows: chunk.rows, ...toLatent(values) }
  }
}

/** Values on a column's lattice moved to the middle of their cell; a copy where there is any. */
const centred = (values: Float64Array, columns: ReadonlyArray<ColumnSchema>): Float64Array => {
  if (columns.every(({ step }) => step === null)) return values
  const width = columns.length
  return values.map((value, at) => {
    const { step } = columns[at % width]!
    return step !== null && isMultiple(value, step) ? value + step / 2 : value
  })
}

const isMultiple = (value: number, step: number): boolean => {
  const count = value / step
  return Math.abs(count - Math.round(count)) <= 1e-6
}

const refuseMissing = (source: Source, chunk: Chunk, schema: Schema): void => {
  const at = chunk.values.findIndex(value => !Number.isFinite(value) && !(Number.isNaN(value) && schema.missing === 'drop'))
  if (at < 0) return
  const width = source.columns.length
  throw new DataError({
    file: source.name,
    row: chunk.firstRow + Math.floor(at / width),
    column: source.columns[at % width],
    expected: 'a finite number',
    actual: Number.isNaN(chunk.values[at]) ? 'a missing value' : quoted(String(chunk.values[at])),
  })
}
