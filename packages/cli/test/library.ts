import { key, normalArray, foldIn, nsf } from '@diffeo/core'
import type { Flow, FlowParams } from '@diffeo/core'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Library } from '../src/library.ts'
import { collect, DataError, matrix, readTable, schemaColumns, select, tableFrom } from '@diffeo/train'
import type { Epoch, Evaluation, FitOptions, FitRecord, FitResult, Matrix, Model, SampleOptions, Schema, Source } from '@diffeo/train'

/** A record of a fit that took three epochs. */
export const fakeRecord = (options: FitOptions, rows: number, density = true): FitRecord => ({
  library: '0.1.0',
  data: 'table.csv',
  seed: options.seed ?? 0,
  rows: { read: rows, used: rows, train: rows - 40, validation: 20, test: 20 },
  notes: ["The values of 'b' repeat on a step of 0.5: uniform noise was added."],
  density,
  options: {
    batchSize: 256,
    epochs: options.epochs ?? 3,
    steps: null,
    patience: 10,
    learningRate: 2e-3,
    schedule: 'cosine',
    clipNorm: 5,
    weightDecay: 0,
    ema: null,
    execution: { mode: 'eager', simd: 'plain', workers: 1 },
  },
  epochs: fakeEpochs,
  best: { epoch: 2, validation: 2.2 },
  stopped: 'epochs',
  test: {
    nats: -4.1,
    se: 0.05,
    rows: 20,
    baselines: [
      { name: 'gaussian', detail: 'full covariance', nats: -4.5, se: 0.06, lead: { nats: 0.4, se: 0.02 } },
      { name: 'mixture', detail: '4 components', nats: -4.0, se: 0.06, lead: { nats: -0.1, se: 0.02 } },
    ],
    calibration: [{ name: 'C2ST accuracy', statistic: 0.52, p: null }],
  },
  heldOut: [-9, -6, -5, -4, -3],
})

const fakeEpochs: ReadonlyArray<Epoch> = [
  { epoch: 1, step: 10, train: 3, validation: 3.1, learningRate: 2e-3 },
  { epoch: 2, step: 20, train: 2, validation: 2.2, learningRate: 1e-3 },
  { epoch: 3, step: 30, train: 1.9, validation: 2.3, learningRate: 0 },
]

/** A model of independent normals, with shift and scale as the schema says: quick, and its numbers are known. */
export const fakeModel = (schema: Schema, record: FitRecord): Model & { readonly disposed: () => number } => {
  const width = schema.columns.length
  const state = { disposed: 0 }
  async function* logProbChunks(rows: Parameters<Model['logProb']>[0]): AsyncGenerator<Float64Array, void, undefined> {
    const source = select(tableFrom(rows as Source), schemaColumns(schema))
    for await (const chunk of source.chunks(16)) {
      const all = width + schema.given.length
      yield Float64Array.from({ length: chunk.rows }, (_, i) =>
        schema.columns.reduce((sum, { shift, scale }, j) => {
          const z = (chunk.values[i * all + j]! - shift) / scale
          return sum - (z * z) / 2 - Math.log(scale) - Math.log(2 * Math.PI) / 2
        }, 0),
      )
    }
  }
  const logProb: Model['logProb'] = async rows => {
    const values: number[] = []
    for await (const chunk of logProbChunks(rows)) values.push(...chunk)
    return Float64Array.from(values)
  }
  async function* sampleChunks(n: number, { seed = 0, given }: SampleOptions = {}): AsyncGenerator<Matrix, void, undefined> {
    if (schema.given.length > 0 && given === undefined) throw new TypeError('sample: expected given values, got none')
    // what is given moves the samples, so that a test sees which row a sample was drawn for
    const rowsOfGiven = given !== undefined && 'chunks' in given ? (await collect(given as Source)).values : Object.values(given ?? {})
    const shifts = (row: number): number =>
      schema.given.length === 0
        ? 0
        : Number(Array.from(rowsOfGiven as ArrayLike<number>)[rowsOfGiven.length > schema.given.length ? row * schema.given.length : 0])
    for (let from = 0, chunk = 0; from < n; from += 8, chunk++) {
      const rows = Math.min(8, n - from)
      const z = normalArray(foldIn(key(seed), chunk), rows * width)
      yield matrix(
        rows,
        width,
        Float64Array.from(
          z,
          (value, k) => schema.columns[k % width]!.shift + schema.columns[k % width]!.scale * value + shifts(from + Math.floor(k / width)),
        ),
      )
    }
  }
  const model: Model = {
    // what the commands read of a flow; the rest of it is the library's business
    flow: { spec: nsf({ layers: 3 }) } as unknown as Flow,
    params: { base: [], bijector: [] } as unknown as FlowParams,
    schema,
    record,
    logProb,
    logProbChunks,
    scoreChunks: async function* (rows) {
      for await (const scores of logProbChunks(rows)) yield { logProb: scores, standardError: new Float64Array(scores.length) }
    },
    quantile: async rows => (await logProb(rows)).map(value => record.heldOut.filter(held => held < value).length / record.heldOut.length),
    toBase: () => Promise.reject(new Error('not here')),
    posterior: async (rows, column, grid) => {
      const own = schema.columns.find(({ name }) => name === column)
      const values = own?.kind?._tag === 'categorical' ? own.kind.categories! : [...Array.from(grid ?? [])]
      const count = (await collect(select(tableFrom(rows as Source), [schema.columns[0]!.name]))).rows
      // row k says k at its first value, k + 1 at its second
      const density = Float64Array.from({ length: count * values.length }, (_, i) => Math.floor(i / values.length) + (i % values.length))
      return { grid: values, density: matrix(count, values.length, density) }
    },
    sample: () => Promise.reject(new Error('not here')),
    sampleChunks,
    given: () => model,
    encode: () => Buffer.from(JSON.stringify({ schema, seed: record.seed })),
    save: path => {
      writeFileSync(path, model.encode())
      return Promise.resolve()
    },
    dispose: () => {
      state.disposed += 1
    },
  }
  return { ...model, disposed: () => state.disposed }
}

export const fakeSchema = (columns: ReadonlyArray<string>, given: ReadonlyArray<string> = []): Schema => ({
  columns: columns.map((name, j) => ({ name, shift: 10 * (j + 1), scale: j + 1, step: j === 1 ? 0.5 : null, atoms: j === 0 ? [7] : [] })),
  given: given.map(name => ({ name, shift: 0, scale: 1, step: null, atoms: [] })),
  missing: 'refuse',
})

const drawn = async (model: Model, rows: number, seed: number, given?: Matrix): Promise<Matrix> => {
  const values: number[] = []
  const names = model.schema.given.map(({ name }) => name)
  const options = given === undefined ? { seed } : { seed, given: Object.fromEntries(names.map((name, j) => [name, given.values[j]!])) }
  for await (const chunk of model.sampleChunks(rows, options)) values.push(...chunk.values)
  return matrix(rows, model.schema.columns.length, Float64Array.from(values))
}

/** A result such as `fitTable` gives, drawn from the fake model itself. */
export const fakeResult = async (schema: Schema, record: FitRecord, rows = 300): Promise<FitResult> => {
  const model = fakeModel(schema, record)
  const given =
    schema.given.length === 0
      ? undefined
      : matrix(
          rows,
          schema.given.length,
          Float64Array.from({ length: rows * schema.given.length }, (_, i) => i % 5),
        )
  const event = await drawn(model, rows, 100, given)
  const nominal = Array.from({ length: 11 }, (_, i) => i / 10)
  const evaluation: Evaluation = {
    score: record.test!,
    pit: schema.columns.map(({ name }, j) => ({
      column: name,
      values: Float64Array.from({ length: rows }, (_, i) => (i + 0.5) / rows),
      statistic: 0.01,
      p: j === 0 ? 0.5 : 0.0002,
    })),
    coverage: {
      nominal,
      observed: nominal.map(x => x ** 1.1),
      low: nominal.map(x => Math.max(0, x - 0.05)),
      high: nominal.map(x => Math.min(1, x + 0.05)),
      p: 0.4,
    },
    c2st: { accuracy: 0.52, se: 0.01 },
    energy: { statistic: 0.002, p: 0.3 },
    sbc:
      given &&
      schema.columns.map(({ name }) => ({ column: name, ranks: Int32Array.from({ length: rows }, (_, i) => i % 100), draws: 99, p: 0.7 })),
    tarp: given && {
      nominal,
      observed: nominal,
      low: nominal.map(x => Math.max(0, x - 0.05)),
      high: nominal.map(x => Math.min(1, x + 0.05)),
      p: 0.6,
    },
    samples: await drawn(model, rows, 200, given),
  }
  return { model, heldOut: { event, given, logProb: new Float64Array(rows) }, evaluation }
}

/** A library whose `fitTable` reads the table, tells of three epochs of ten steps, and learns nothing. */
export const fakeLibrary = (
  options: {
    readonly model?: Model
    readonly stopped?: FitRecord['stopped']
    readonly onStep?: (step: number) => void
    readonly density?: boolean
  } = {},
): Library & { readonly calls: FitOptions[] } => {
  const calls: FitOptions[] = []
  return {
    calls,
    readTable: path => readTable(path),
    loadModel: path =>
      options.model === undefined
        ? Promise.reject(new DataError({ file: path, expected: 'a model file', actual: 'something else' }))
        : Promise.resolve(options.model),
    fitTable: async (data, fit) => {
      calls.push(fit)
      fit.onPhase?.('reading')
      const source = data as Source
      const { given = [], columns = source.columns.filter(name => !given.includes(name)) } = fit
      const table = await collect(select(source, [...columns, ...given]))
      const record = fakeRecord(fit, table.rows, options.density ?? true)
      fit.onPhase?.('training')
      const first = fit.checkpoint?.resume ? 10 : 0
      fit.onStart?.({
        columns,
        given,
        rows: record.rows,
        notes: record.notes,
        parameters: 123,
        stepsPerEpoch: 10,
        epochs: 3,
        step: first,
        execution: record.options.execution,
      })
      const schema = fakeSchema(columns, given)
      for (let step = first + 1; step <= 30; step++) {
        options.onStep?.(step)
        await new Promise(resolve => setImmediate(resolve))
        if (fit.signal?.aborted) {
          const folder = fit.checkpoint!.folder
          mkdirSync(folder, { recursive: true })
          writeFileSync(join(folder, `step-${String(step).padStart(9, '0')}.safetensors`), 'checkpoint')
          return { model: fakeModel(schema, { ...record, stopped: 'aborted', test: null }), heldOut: undefined, evaluation: undefined }
        }
        fit.onStep?.({ step, epoch: Math.ceil(step / 10), steps: 30, loss: 3 - step / 30 })
        if (step % 10 === 0) fit.onEpoch?.(record.epochs[step / 10 - 1]!)
      }
      fit.onPhase?.('baselines')
      fit.onPhase?.('calibration')
      const result = await fakeResult(schema, { ...record, stopped: options.stopped ?? 'epochs' })
      fit.onPhase?.('done')
      return result
    },
  }
}
