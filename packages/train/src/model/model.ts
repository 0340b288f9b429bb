import { foldIn, key } from '@diffeo/core'
import type { Context } from '@diffeo/core'
import { tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { DataError } from '../data/error.ts'
import type { Schema } from '../data/schema.ts'
import { destandardize, logScale, standardizeGiven } from '../data/standardize.ts'
import { disposeTree } from '../fit/dispose.ts'
import { scoreRows } from '../fit/score.ts'
import { matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { Data, Given, Model, SampleOptions } from './contract.ts'
import { encodeModelFile, writeModelFile } from './file.ts'
import type { ModelParts } from './file.ts'
import { modelSource, standardizedChunks } from './rows.ts'
import type { StandardizedChunk } from './rows.ts'

/** A model over fitted parameters, which it owns from now on. */
export const modelOf = (parts: ModelParts): Model => withFixed(parts, undefined)

/** The same with the conditioning columns at fixed values, where given. */
const withFixed = (parts: ModelParts, fixed: Readonly<Record<string, number>> | undefined): Model => {
  const { flow, params, schema, record } = parts
  const names = schema.columns.map(column => column.name)
  const constant = logScale(schema)
  const read: Schema = fixed === undefined ? schema : { ...schema, given: [] }

  const contextOf = (chunk: StandardizedChunk): Context | undefined => {
    if (fixed !== undefined) return fixedContext(schema, fixed)
    return chunk.context === undefined ? undefined : tensor2d(chunk.context, [chunk.rows, schema.given.length])
  }
  /** Each chunk of rows through a function of tensors, whose values it gives. */
  async function* through(
    rows: Data,
    f: (x: Tensor, context: Context | undefined) => Tensor,
  ): AsyncGenerator<Float32Array, void, undefined> {
    for await (const chunk of standardizedChunks(rows, read, scoreRows)) {
      const x = tensor2d(chunk.event, [chunk.rows, names.length])
      const context = contextOf(chunk)
      yield freeing([x, context], () => valuesOf(f(x, context)))
    }
  }
  async function* logProbChunks(rows: Data): AsyncGenerator<Float64Array, void, undefined> {
    for await (const values of through(rows, (x, context) => flow.logProb(params, x, context)))
      yield Float64Array.from(values, value => value + constant)
  }
  async function* sampleChunks(n: number, { seed = 0, given }: SampleOptions = {}): AsyncGenerator<Matrix, void, undefined> {
    if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`sample: expected a whole number of rows, got ${n}`)
    let chunk = 0
    for await (const { rows, context } of givenContexts(schema, fixed ?? given, n)) {
      const source = foldIn(key(seed), chunk++)
      const z = freeing([context], () => valuesOf(flow.sample(params, source, rows, context)))
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
      const values = await joined(through(rows, (x, context) => flow.toBase(params, x, context)))
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
      return withFixed(parts, values)
    },
    encode: () => encodeModelFile(parts),
    save: path => writeModelFile(path, parts),
    dispose: () => disposeTree(params),
  }
}

/** The values of a tensor, which is freed. */
const valuesOf = (y: Tensor): Float32Array => {
  const values = y.dataSync<'float32'>()
  y.dispose()
  return values
}

/** Runs `f` and frees its arguments, whatever happens. */
const freeing = <A>(tensors: ReadonlyArray<Context | undefined>, f: () => A): A => {
  try {
    return f()
  } finally {
    tensors.forEach(tensor => tensor !== undefined && disposeTree(tensor))
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
  readonly context: Context | undefined
}

/** The contexts of n samples: one row for all, or a row for each, read in chunks. */
async function* givenContexts(schema: Schema, given: Given | undefined, n: number): AsyncGenerator<ContextChunk, void, undefined> {
  const width = schema.given.length
  if (width === 0 && given !== undefined)
    throw new TypeError('sample: expected no given values, got some; the model has no conditioning columns')
  if (width > 0 && given === undefined)
    throw new TypeError(`sample: expected given values for ${schema.given.map(c => `'${c.name}'`).join(', ')}, got none`)
  if (given === undefined || isValues(given)) {
    for (let at = 0; at < n; at += scoreRows)
      yield { rows: Math.min(scoreRows, n - at), context: given === undefined ? undefined : fixedContext(schema, given) }
    return
  }
  let at = 0
  const source = modelSource(
    given,
    schema.given.map(column => column.name),
  )
  for await (const chunk of source.chunks(scoreRows)) {
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
    yield { rows, context: tensor2d(standardizeGiven(schema, chunk.values.slice(0, rows * width)), [rows, width]) }
    at += rows
  }
  if (at < n) throw new RangeError(`sample: expected ${n} rows of given values, got ${at}`)
}

const isValues = (given: Given): given is Readonly<Record<string, number>> =>
  typeof given === 'object' && !Array.isArray(given) && Object.values(given).every(value => typeof value === 'number')

/** One standardized row of the conditioning columns. */
const fixedContext = (schema: Schema, values: Readonly<Record<string, number>>): Context => {
  checkFixed(schema, values)
  const row = Float64Array.from(schema.given, column => values[column.name]!)
  return tensor2d(standardizeGiven(schema, row), [1, schema.given.length])
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
