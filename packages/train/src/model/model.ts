import { foldIn, key } from '@diffeo/core'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { destandardize, standardizeGiven, standardizer } from '../data/standardize.ts'
import { chunkRows } from '../execution/flow-functions.ts'
import type { ContextRows, FlowFunctions } from '../execution/flow-functions.ts'
import { categoryLabel, categoryNames } from '../table/place.ts'
import { disposeTree } from '../fit/dispose.ts'
import { matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { Data, Given, GivenValues, Model, NumberRow, SampledRow, SampleOptions } from './contract.ts'
import { encodeModelFile, writeModelFile } from './file.ts'
import type { ModelParts } from './file.ts'
import { posteriorOf } from './posterior.ts'
import { centred, rowColumns, tableChunks } from './rows.ts'
import { scorerOf } from './score.ts'
import type { RowScores } from './score.ts'

/** A model over fitted parameters and the flow's functions, which it owns from now on. */
export const modelOf = (parts: ModelParts, functions: FlowFunctions): Model => withFixed(parts, functions, undefined)

/** The same with the conditioning columns at fixed values, where given. */
const withFixed = (parts: ModelParts, functions: FlowFunctions, fixed: GivenValues | undefined): Model => {
  const { flow, params, schema, record } = parts
  const names = schema.columns.map(column => column.name)
  const categories = schema.columns.map(categoryNames)
  const read: Schema = fixed === undefined ? schema : { ...schema, given: [] }
  const contextFixed = fixed === undefined ? undefined : fixedContext(schema, fixed)
  const score = scorerOf(functions, params, schema, contextFixed)
  const toLatent = standardizer(read)

  async function* scoreChunks(rows: Data): AsyncGenerator<RowScores, void, undefined> {
    let of = 0
    for await (const chunk of tableChunks(rows, rowColumns(read), schema.missing, chunkRows)) {
      of += chunk.rows
      yield score(chunk, of)
    }
  }
  async function* logProbChunks(rows: Data): AsyncGenerator<Float64Array, void, undefined> {
    for await (const { logProb } of scoreChunks(rows)) yield logProb
  }
  /** The latents of each chunk of rows; of a whole number those of the middle of its cell. */
  async function* latentChunks(rows: Data): AsyncGenerator<Float32Array, void, undefined> {
    let of = 0
    for await (const chunk of tableChunks(rows, rowColumns(read), schema.missing, chunkRows)) {
      of += chunk.rows
      const { event, context } = toLatent(inMiddle(chunk.values, rowColumns(read)))
      const given = contextFixed ?? (context === undefined ? undefined : { rows: chunk.rows, values: context })
      yield functions.toBase(params, { rows: chunk.rows, values: event, context: given }, of)
    }
  }
  async function* sampleChunks(n: number, { seed = 0, given }: SampleOptions = {}): AsyncGenerator<Matrix, void, undefined> {
    if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`sample: expected a whole number of rows, got ${n}`)
    let chunk = 0
    for await (const { rows, context } of givenContexts(schema, fixed ?? given, n)) {
      const z = functions.sample(params, foldIn(key(seed), chunk++), rows, context, n)
      yield matrix(rows, names.length, destandardize(schema, z))
    }
  }
  const logProb = async (rows: Data): Promise<Float64Array> => joined(logProbChunks(rows))
  return {
    flow,
    params,
    schema,
    record,
    logProb,
    logProbChunks,
    scoreChunks,
    quantile: async rows => (await logProb(rows)).map(value => rankAmong(record.heldOut, value)),
    toBase: async rows => {
      const values = await joined(latentChunks(rows))
      return matrix(values.length / names.length, names.length, values)
    },
    posterior: (rows, column, grid) =>
      posteriorOf({ score, columns: rowColumns(read), event: names.length, missing: schema.missing }, rows, column, grid),
    sampleChunks,
    sample: async <R extends SampledRow = NumberRow>(n: number, options?: SampleOptions) => {
      const out: SampledRow[] = []
      for await (const chunk of sampleChunks(n, options))
        for (let i = 0; i < chunk.rows; i++)
          out.push(
            Object.fromEntries(
              names.map((name, j) => {
                const value = chunk.values[i * names.length + j]!
                return [name, categories[j]?.(value) ?? value]
              }),
            ),
          )
      return out as ReadonlyArray<SampledRow> as ReadonlyArray<R> // the caller says which columns are of categories
    },
    given: values => {
      checkFixed(schema, values)
      return withFixed(parts, functions, values)
    },
    encode: () => encodeModelFile(parts),
    save: path => writeModelFile(path, parts),
    dispose: () => {
      disposeTree(params)
      functions.dispose()
    },
  }
}

/** Values on a lattice, and whole numbers, moved to the middle of their cells. */
const inMiddle = (values: Float64Array, columns: ReadonlyArray<ColumnSchema>): Float64Array => {
  const whole = columns.map(({ kind }) => kind?._tag === 'integer')
  return centred(values, columns).map((value, at) => (whole[at % columns.length] ? value + 0.5 : value))
}

/** The share of sorted values below a value; ties count half. NaN stays NaN. */
const rankAmong = (sorted: ReadonlyArray<number>, value: number): number => {
  if (Number.isNaN(value)) return NaN
  const below = lowerBound(sorted, value, (a, b) => a < b)
  const notAbove = lowerBound(sorted, value, (a, b) => a <= b)
  return (below + notAbove) / (2 * sorted.length)
}

const lowerBound = (sorted: ReadonlyArray<number>, value: number, before: (a: number, b: number) => boolean): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before(sorted[middle]!, value)) low = middle + 1
    else high = middle
  }
  return low
}

const joined = async (chunks: AsyncIterable<Float32Array | Float64Array>): Promise<Float64Array> => {
  const parts: Array<Float32Array | Float64Array> = []
  for await (const chunk of chunks) parts.push(chunk)
  const out = new Float64Array(parts.reduce((n, part) => n + part.length, 0))
  parts.reduce((at, part) => {
    out.set(part, at)
    return at + part.length
  }, 0)
  return out
}

interface ContextChunk {
  readonly rows: number
  readonly context: ContextRows | undefined
}

/** The contexts of n samples: one row for all, or a row for each, read in chunks. */
async function* givenContexts(schema: Schema, given: Given | undefined, n: number): AsyncGenerator<ContextChunk, void, undefined> {
  const width = schema.given.length
  if (width === 0 && given !== undefined)
    throw new TypeError('sample: expected no given values, got some; the model has no conditioning columns')
  if (width > 0 && given === undefined)
    throw new TypeError(`sample: expected given values for ${schema.given.map(c => `'${c.name}'`).join(', ')}, got none`)
  if (given === undefined || isValues(given)) {
    for (let at = 0; at < n; at += chunkRows)
      yield { rows: Math.min(chunkRows, n - at), context: given === undefined ? undefined : fixedContext(schema, given) }
    return
  }
  let at = 0
  for await (const chunk of tableChunks(given, schema.given, 'refuse', chunkRows)) {
    const rows = Math.min(chunk.rows, n - at)
    if (rows <= 0) return
    yield { rows, context: { rows, values: standardizeGiven(schema, chunk.values.slice(0, rows * width)) } }
    at += rows
  }
  if (at < n) throw new RangeError(`sample: expected ${n} rows of given values, got ${at}`)
}

const isValues = (given: Given): given is GivenValues =>
  typeof given === 'object' &&
  !Array.isArray(given) &&
  Object.values(given).every(value => typeof value === 'number' || typeof value === 'string')

/** One standardized row of the conditioning columns. */
const fixedContext = (schema: Schema, values: GivenValues): ContextRows => {
  checkFixed(schema, values)
  const row = Float64Array.from(schema.given, column => givenNumber(column, values[column.name]!))
  return { rows: 1, values: standardizeGiven(schema, row) }
}

/** A given value as a cell of its column is read. */
const givenNumber = (column: ColumnSchema, value: number | string): number => categoryLabel(column)?.(value) ?? Number(value)

const checkFixed = (schema: Schema, values: GivenValues): void => {
  const wanted = schema.given.map(column => column.name)
  const names = Object.keys(values)
  const wrong = [...wanted.filter(name => !names.includes(name)), ...names.filter(name => !wanted.includes(name))]
  if (wrong.length > 0)
    throw new TypeError(
      `given: expected values for ${wanted.map(n => `'${n}'`).join(', ') || 'nothing'}, got ${names.map(n => `'${n}'`).join(', ') || 'none'}`,
    )
  for (const column of schema.given) {
    const value = values[column.name]!
    const { kind } = column
    if (kind?._tag === 'categorical' && !kind.categories!.includes(String(value)))
      throw new RangeError(`given: expected one of ${kind.categories!.slice(0, 8).join(', ')} for '${column.name}', got '${value}'`)
    if (kind?._tag !== 'categorical' && (typeof value !== 'number' || !Number.isFinite(value)))
      throw new RangeError(`given: expected a finite number for '${column.name}', got ${value}`)
  }
}
