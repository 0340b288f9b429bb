import { foldIn, key } from '@diffeo/core'
import { DataError } from '../data/error.ts'
import type { Schema } from '../data/schema.ts'
import { destandardize, logScale, standardizeGiven } from '../data/standardize.ts'
import { chunkRows } from '../execution/flow-functions.ts'
import type { ContextRows, EventRows, FlowFunctions } from '../execution/flow-functions.ts'
import { disposeTree } from '../fit/dispose.ts'
import { matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { Data, Given, Model, SampleOptions } from './contract.ts'
import { encodeModelFile, writeModelFile } from './file.ts'
import type { ModelParts } from './file.ts'
import { modelSource, standardizedChunks } from './rows.ts'
import type { StandardizedChunk } from './rows.ts'

/** A model over fitted parameters and the flow's functions, which it owns from now on. */
export const modelOf = (parts: ModelParts, functions: FlowFunctions): Model => withFixed(parts, functions, undefined)

/** The same with the conditioning columns at fixed values, where given. */
const withFixed = (parts: ModelParts, functions: FlowFunctions, fixed: Readonly<Record<string, number>> | undefined): Model => {
  const { flow, params, schema, record } = parts
  const names = schema.columns.map(column => column.name)
  const constant = logScale(schema)
  const read: Schema = fixed === undefined ? schema : { ...schema, given: [] }

  const contextOf = (chunk: StandardizedChunk): ContextRows | undefined => {
    if (fixed !== undefined) return fixedContext(schema, fixed)
    return chunk.context === undefined ? undefined : { rows: chunk.rows, values: chunk.context }
  }
  /** Each chunk of rows through a function of the flow. */
  async function* through(rows: Data, f: (rows: EventRows, of: number) => Float32Array): AsyncGenerator<Float32Array, void, undefined> {
    let of = 0
    for await (const chunk of standardizedChunks(rows, read, chunkRows)) {
      of += chunk.rows
      yield f({ rows: chunk.rows, values: chunk.event, context: contextOf(chunk) }, of)
    }
  }
  async function* logProbChunks(rows: Data): AsyncGenerator<Float64Array, void, undefined> {
    for await (const values of through(rows, (chunk, of) => functions.logProb(params, chunk, of)))
      yield Float64Array.from(values, value => value + constant)
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
    quantile: async rows => (await logProb(rows)).map(value => rankAmong(record.heldOut, value)),
    toBase: async rows => {
      const values = await joined(through(rows, (chunk, of) => functions.toBase(params, chunk, of)))
      return matrix(values.length / names.length, names.length, values)
    },
    sampleChunks,
    sample: async (n, options) => {
      const out: Array<{ readonly [column: string]: number }> = []
      for await (const chunk of sampleChunks(n, options))
        for (let i = 0; i < chunk.rows; i++)
          out.push(Object.fromEntries(names.map((name, j) => [name, chunk.values[i * names.length + j]!])))
      return out
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
  const source = modelSource(
    given,
    schema.given.map(column => column.name),
  )
  for await (const chunk of source.chunks(chunkRows)) {
    const rows = Math.min(chunk.rows, n - at)
    if (rows <= 0) return
    const bad = chunk.values.findIndex(value => !Number.isFinite(value))
    if (bad >= 0)
      throw new DataError({
        file: source.name,
        row: chunk.firstRow + Math.floor(bad / width),
        column: source.columns[bad % width],
        expected: 'a finite number',
        actual: 'a missing value',
      })
    yield { rows, context: { rows, values: standardizeGiven(schema, chunk.values.slice(0, rows * width)) } }
    at += rows
  }
  if (at < n) throw new RangeError(`sample: expected ${n} rows of given values, got ${at}`)
}

const isValues = (given: Given): given is Readonly<Record<string, number>> =>
  typeof given === 'object' && !Array.isArray(given) && Object.values(given).every(value => typeof value === 'number')

/** One standardized row of the conditioning columns. */
const fixedContext = (schema: Schema, values: Readonly<Record<string, number>>): ContextRows => {
  checkFixed(schema, values)
  const row = Float64Array.from(schema.given, column => values[column.name]!)
  return { rows: 1, values: standardizeGiven(schema, row) }
}

const checkFixed = (schema: Schema, values: Readonly<Record<string, number>>): void => {
  const wanted = schema.given.map(column => column.name)
  const names = Object.keys(values)
  const wrong = [...wanted.filter(name => !names.includes(name)), ...names.filter(name => !wanted.includes(name))]
  if (wrong.length > 0)
    throw new TypeError(
      `given: expected values for ${wanted.map(n => `'${n}'`).join(', ') || 'nothing'}, got ${names.map(n => `'${n}'`).join(', ') || 'none'}`,
    )
  const bad = wanted.find(name => !Number.isFinite(values[name]))
  if (bad !== undefined) throw new RangeError(`given: expected a finite number for '${bad}', got ${values[bad]}`)
}
