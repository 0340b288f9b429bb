import { contextPlace, contextWidth } from '../table/context-place.ts'
import { fromEvent, toEvent } from '../table/place.ts'
import type { ColumnSchema, Schema } from './schema.ts'

/** Standardized rows, row-major: the event [rows, D], and the context where the schema has conditioning columns. */
export interface Standardized {
  readonly event: Float32Array
  readonly context: Float32Array | undefined
}

/**
 * Rows in the order of `schemaColumns`, [rows, D + C], to z = (x - shift) / scale: computed in float64, then rounded to
 * float32 once, so that a column such as Unix time keeps its digits. Angles and categories become what the flow has them as.
 *
 * @throws RangeError when the values are no whole number of rows
 */
export const standardizer = (schema: Schema): ((values: Float64Array) => Standardized) => {
  const [d, c] = [schema.columns.length, schema.given.length]
  return values => {
    const rows = rowCount('standardizer', values.length, d + c)
    const event = new Float32Array(rows * d)
    const context = c === 0 ? undefined : new Float32Array(rows * contextWidth(schema.given))
    standardizeInto(schema.columns, values, 0, d + c, event, 0)
    if (context !== undefined) standardizeContextInto(schema.given, values, d, d + c, context, 0)
    return { event, context }
  }
}

/**
 * Values of the conditioning columns alone, [rows, C], standardized.
 *
 * @throws RangeError when the values are no whole number of rows
 */
export const standardizeGiven = (schema: Schema, values: Float64Array): Float32Array => {
  const rows = rowCount('standardizeGiven', values.length, schema.given.length)
  const context = new Float32Array(rows * contextWidth(schema.given))
  standardizeContextInto(schema.given, values, 0, schema.given.length, context, 0)
  return context
}

/**
 * Samples [rows, D] of a flow in the data's units: x = shift + scale z in float64; whole numbers are whole, angles on their circle, and a
 * category is the number that stands for it.
 *
 * @throws RangeError when the values are no whole number of rows
 */
export const destandardize = (schema: Schema, z: ArrayLike<number>): Float64Array => {
  const { columns } = schema
  const rows = rowCount('destandardize', z.length, columns.length)
  const values = new Float64Array(z.length)
  const places = columns.map(fromEvent)
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns.length; j++, at++) values[at] = places[j]!(z[at]!)
  return values
}

/** -sum log scale over the event: log p(x) = log p(z) + this. */
export const logScale = (schema: Schema): number => -schema.columns.reduce((sum, { scale }) => sum + Math.log(scale), 0)

/**
 * Standardizes the columns that stand in `values` (rows of `width`) from `offset` on, into `target` from row `firstRow` on.
 */
export const standardizeInto = (
  columns: ReadonlyArray<ColumnSchema>,
  values: Float64Array,
  offset: number,
  width: number,
  target: Float32Array,
  firstRow: number,
): void => {
  const rows = values.length / width
  for (let j = 0; j < columns.length; j++) {
    const place = toEvent(columns[j]!)
    for (let i = 0; i < rows; i++) target[(firstRow + i) * columns.length + j] = place(values[i * width + offset + j]!)
  }
}

/** The same for conditioning columns: `target` is as wide as `contextWidth` says. */
export const standardizeContextInto = (
  columns: ReadonlyArray<ColumnSchema>,
  values: Float64Array,
  offset: number,
  width: number,
  target: Float32Array,
  firstRow: number,
): void => {
  const rows = values.length / width
  const wide = contextWidth(columns)
  columns.reduce((start, column, j) => {
    const { size, write } = contextPlace(column)
    for (let i = 0; i < rows; i++) write(values[i * width + offset + j]!, target, (firstRow + i) * wide + start)
    return start + size
  }, 0)
}

const rowCount = (name: string, length: number, width: number): number => {
  if (width === 0 ? length !== 0 : length % width !== 0)
    throw new RangeError(`${name}: expected rows of ${width} values, got ${length} values`)
  return width === 0 ? 0 : length / width
}
