import { isCircular } from '../table/kind.ts'
import { contextWidth } from '../table/context-place.ts'
import { columnSchemaOf, momentsOf } from '../table/latent.ts'
import type { Moments } from '../table/latent.ts'
import { dequantizer } from './dequantize.ts'
import { DataError } from './error.ts'
import type { Note } from './notes.ts'
import { keysOf, planOf, type Plan, type PrepareOptions } from './plan.ts'
import { notesOf } from './remarks.ts'
import { atomsToMask, stepOf } from './repeated-values.ts'
import type { ColumnSchema, Schema } from './schema.ts'
import type { Source } from './source.ts'
import type { Split } from './split.ts'
import { standardizeContextInto, standardizeInto } from './standardize.ts'
import type { ColumnStatistics } from './statistics.ts'
import { expectIndependence, expectRows, expectVariation } from './suitability.ts'
import { survey, usableRows, type Survey } from './survey.ts'
import type { Mask } from './usable-rows.ts'

/** A table that is ready for a fit. */
export interface Prepared {
  readonly schema: Schema
  /** Standardized usable rows, [rows, D] row-major. */
  readonly event: Float32Array
  /** Standardized conditioning values, [rows, C]. */
  readonly context: Float32Array | undefined
  /** Standard errors of the event's numbers, in standardized units, [rows, D]; 0 where a column has none. */
  readonly errors?: Float32Array
  /** The number of usable rows, and of rows read. */
  readonly rows: number
  readonly read: number
  /** Indices of usable rows. */
  readonly splits: Split
  readonly notes: ReadonlyArray<Note>
  /** Of the event's columns: where their numbers lie on the real line. */
  readonly moments: ReadonlyArray<Moments>
  /** Of the training rows: the event's columns, then the conditioning ones. */
  readonly statistics: ReadonlyArray<ColumnStatistics>
}

/**
 * Reads a table twice: first for the split and the statistics of its training rows (mean and deviation in float64, whether
 * values repeat), then for the standardized matrices. Nothing of it is held in float64.
 *
 * Where values repeat on a step, uniform noise on [0, step) is added (seeded, `dequantizer`) before standardizing, and shift
 * and scale are those of the noisy column: mean + step/2, sqrt(deviation^2 + step^2/12).
 *
 * @throws DataError where the table cannot have a density, or has a cell that is no number
 * @example const { schema, event, splits } = await prepare(await readTable('galaxies.csv'), { given: ['redshift'], seed: 0 })
 */
export const prepare = (source: Source, options: PrepareOptions = {}): Promise<Prepared> => prepareMasked(source, options, [])

/** Atoms that are found and masked change the statistics, so that the table is read again. */
const prepareMasked = async (source: Source, options: PrepareOptions, masks: ReadonlyArray<Mask>): Promise<Prepared> => {
  const plan = planOf(source, options, masks)
  const first = await survey(plan)
  expectRows(plan, first)
  expectVariation(plan, first)
  await expectIndependence(plan, first)
  const found = atomsToMask(plan, first, options)
  if (found.length > 0) return prepareMasked(source, options, [...masks, ...found])
  const { columns } = first.statistics
  const [event, given] = [columns.slice(0, plan.event.length), columns.slice(plan.event.length)]
  const steps = event.map(column => stepOf(plan, column, options))
  const { rows: sampleRows, values: sampleValues } = first.statistics.sample
  const sampled = (j: number): Float64Array => Float64Array.from({ length: sampleRows }, (_, i) => sampleValues[i * columns.length + j]!)
  const numbers = plan.event.filter(name => plan.kinds[name]?.kind._tag !== 'categorical').length
  // on an arc of less than half a circle, the bins of a spline of the whole circle would be wasted
  const leastEmpty = numbers > 0 && options.takesAngles?.(numbers) === true ? 0.5 : 0
  const schemaOf = (column: ColumnStatistics, j: number, step: number | null, atoms: ReadonlyArray<number>): ColumnSchema => {
    const { kind, missing = false } = plan.kinds[column.name] ?? {}
    return columnSchemaOf(column, { kind, missing, step, atoms }, sampled(j), leastEmpty)
  }
  const givenOf = (column: ColumnStatistics): ColumnSchema => {
    const kind = plan.kinds[column.name]?.kind
    const kept = kind !== undefined && (kind._tag === 'categorical' || isCircular(kind)) ? kind : undefined
    return columnSchemaOf(column, { kind: kept, missing: false, step: null, atoms: [] })
  }
  const schema: Schema = {
    columns: event.map((column, j) => schemaOf(column, j, steps[j]!, valuesMasked(plan, j))),
    given: given.map(givenOf),
    missing: plan.missing,
  }
  return {
    schema,
    moments: schema.columns.map((column, j) => momentsOf(column, sampled(j))),
    ...(await matrices(plan, schema, first)),
    rows: first.rows,
    read: first.read,
    splits: first.splits,
    notes: notesOf(plan, first, schema),
    statistics: columns,
  }
}

const valuesMasked = ({ masks }: Plan, j: number): ReadonlyArray<number> =>
  masks.filter(({ column }) => column === j).map(({ value }) => value)

const matrices = async (plan: Plan, schema: Schema, { rows }: Survey): Promise<Pick<Prepared, 'event' | 'context' | 'errors'>> => {
  const [width, d, c] = [plan.table.columns.length, schema.columns.length, schema.given.length]
  const event = new Float32Array(rows * d)
  const errors = plan.errors.length === 0 ? undefined : new Float32Array(rows * d)
  const context = c === 0 ? undefined : new Float32Array(rows * contextWidth(schema.given))
  const dequantize = dequantizer(schema.columns, keysOf(plan.key).noise)
  const changed = (got: number): DataError =>
    new DataError({ file: plan.table.name, expected: `${rows} usable rows, as in the first reading`, actual: `${got}` })
  let done = 0
  const steps = [...schema.columns, ...schema.given].map(({ step }) => step)
  for await (const chunk of usableRows(plan, steps).chunks) {
    if (done + chunk.rows > rows) throw changed(done + chunk.rows)
    dequantize(chunk.values, width, i => chunk.numbers[i]!)
    standardizeInto(schema.columns, chunk.values, 0, width, event, done)
    if (context !== undefined) standardizeContextInto(schema.given, chunk.values, d, width, context, done)
    for (const { column, at } of errors === undefined ? [] : plan.errors)
      for (let i = 0; i < chunk.rows; i++) errors![(done + i) * d + column] = chunk.values[i * width + at]! / schema.columns[column]!.scale
    done += chunk.rows
  }
  if (done < rows) throw changed(done)
  return { event, context, ...(errors !== undefined && { errors }) }
}
