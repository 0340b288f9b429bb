import { libraryVersion } from '@diffeo/codec'
import { build, builtins, foldIn, key, leaves, negativeLogLikelihood, nsf } from '@diffeo/core'
import type { Flow, FlowSpec, Registry } from '@diffeo/core'
import { chooseExecution, modelExecution, resumedExecution, thisMachine } from '../execution/choose.ts'
import type { Execution } from '../execution/execution.ts'
import { flowFunctions } from '../execution/flow-functions.ts'
import { prepare } from '../data/prepare.ts'
import { describeNote } from '../data/notes.ts'
import type { PrepareOptions } from '../data/plan.ts'
import type { Prepared } from '../data/prepare.ts'
import type { Schema } from '../data/schema.ts'
import { listed } from '../data/source.ts'
import type { Source } from '../data/source.ts'
import { heldSource } from '../data/held.ts'
import { takesAngles } from '../table/circular.ts'
import { compileFlow } from '../table/compile.ts'
import { contextPlaces, contextWidth } from '../table/context-place.ts'
import type { TableSchema } from '../table/kind.ts'
import { resolveSchema } from '../table/resolve.ts'
import { destandardize, logScale } from '../data/standardize.ts'
import { sourceFrom } from '../data/table-from.ts'
import { ready } from '@tensorflow/tfjs-core'
import { matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { Data, Model } from '../model/contract.ts'
import { modelOf } from '../model/model.ts'
import type { FitRecord, RowCounts } from '../model/record.ts'
import { gatherRows, withErrorsDrawn } from './batches.ts'
import type { Matrices } from './batches.ts'
import { checkpointFolder } from './checkpoint.ts'
import { disposeTree } from './dispose.ts'
import { evaluate } from './evaluate.ts'
import type { Evaluation } from './evaluate.ts'
import { identityOf } from './identity.ts'
import type { FitOptions } from './options.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { scoreStandardized } from './score.ts'
import { train } from './train.ts'
import type { TrainEvents, Trained } from './train.ts'

/** A fit with what a report shows of it. */
export interface FitResult {
  readonly model: Model
  /** The test rows, in the data's units, and their log-densities; undefined when the fit was aborted or no rows were held out. */
  readonly heldOut: HeldOut | undefined
  readonly evaluation: Evaluation | undefined
}

/** Test rows in the data's units, with their log-densities. */
export interface HeldOut {
  readonly event: Matrix
  readonly given: Matrix | undefined
  readonly logProb: Float64Array
}

/**
 * Fits a flow to a table: reads it, standardizes it in float64, splits it, trains with early stopping, and scores the rows that
 * were held out. Starts a backend where none was started.
 *
 * @throws DataError, RangeError or TypeError naming what is wrong with the table, an option or the spec; then nothing is written
 * @example const model = await fit(await readTable('galaxies.csv'), { flow: nsf({ layers: 5 }), given: ['redshift'], seed: 0 })
 */
export const fit = async (data: Data, options: FitOptions = {}): Promise<Model> => (await fitTable(data, options)).model

/** `fit`, with the held-out rows and the evaluation that a report draws. */
export const fitTable = async (data: Data, options: FitOptions = {}): Promise<FitResult> => {
  const { seed = 0, flow: spec = nsf(), registry = builtins } = options
  await ready()
  options.onPhase?.('reading')
  const { source, table } = await tableOf(await sourceFrom(data), options)
  const prepared = await prepare(source, { ...table, takesAngles: numbers => takesAngles(spec, numbers) })
  const flow = buildFor(spec, prepared, registry)
  const plan = planOf(options, seed, prepared.splits.train.length)
  options.onPhase?.('training')
  const trained = await trainOn(source.name, flow, prepared, plan, options)
  try {
    const result = await scored(source.name, flow, trained, prepared, plan, options)
    options.onPhase?.('done')
    return result
  } catch (thrown) {
    disposeTree(trained.params)
    trained.functions.dispose()
    throw thrown
  }
}

/** The table and how it is read: with a schema it is held, so that looking at it does not read it again. */
const tableOf = async (source: Source, options: FitOptions): Promise<{ readonly source: Source; readonly table: PrepareOptions }> => {
  const table = prepareOptions(source, options)
  const { schema, kinds, missing } = options
  if (schema === undefined && kinds === undefined) return { source, table }
  const held = heldSource(source)
  const resolved = await resolveSchema(held, [...table.columns!, ...table.given!], schema ?? {}, kinds)
  return { source: held, table: { ...table, kinds: missing === undefined ? resolved : withoutMissing(resolved) } }
}

/** What is to be done about missing cells was said for the whole table. */
const withoutMissing = (schema: TableSchema): TableSchema =>
  Object.fromEntries(Object.entries(schema).map(([name, { kind }]) => [name, { kind, missing: false }]))

/** The columns without those that are to be dropped; the atoms that are to be masked. */
const prepareOptions = (source: Source, options: FitOptions): PrepareOptions => {
  const { atoms = {}, seed = 0, given = [], splitBy, validation, test, missing, dequantize, errors } = options
  const besides = [...given, splitBy, ...Object.values(errors ?? {})]
  const columns = options.columns ?? source.columns.filter(name => !besides.includes(name))
  const masked = Object.entries(atoms).filter(([, what]) => what === 'mask')
  return {
    seed,
    given,
    ...(splitBy !== undefined && { splitBy }),
    ...(validation !== undefined && { validation }),
    ...(test !== undefined && { test }),
    ...(missing !== undefined && { missing }),
    ...(dequantize !== undefined && { dequantize }),
    ...(errors !== undefined && { errors }),
    columns: columns.filter(name => atoms[name] !== 'drop'),
    atoms: masked.length === 0 ? 'refuse' : Object.fromEntries(masked.map(([name]) => [name, 'mask' as const])),
  }
}

const buildFor = (spec: FlowSpec, { schema, moments }: Prepared, registry: Registry): Flow => {
  refuseBlind(spec, schema, registry)
  return build(
    compileFlow(spec, schema, moments),
    { event: [schema.columns.length], ...(schema.given.length > 0 && { context: [contextWidth(schema.given)] }) },
    registry,
  )
}

/** @throws RangeError where nothing in a flow would read the columns that it is conditioned on, or the categories before its numbers */
const refuseBlind = (spec: FlowSpec, { columns, given }: Schema, registry: Registry): void => {
  const categories = columns.flatMap(({ kind, name }) => (kind?._tag === 'categorical' ? [{ name, count: kind.categories!.length }] : []))
  const numbers = columns.length - categories.length
  const read = [...given, ...categories].map(({ name }) => name)
  if (read.length === 0 || numbers === 0) return
  const hot = [categories.reduce((sum, { count }) => sum + count, 0)]
  const behind = [contextWidth(given)]
  const context = categories.length === 0 ? behind : given.length === 0 ? hot : [hot, behind]
  if (build(spec, { event: [numbers], context }, registry).contextShape !== undefined) return
  throw new RangeError(
    `fit: expected a flow that reads a context, for ${listed(read)}, got one that reads none; take another flow, give its layers a conditioner, or leave the columns out`,
  )
}

/** What training and scores read; rows that are held out are moved within their known errors once. */
const matricesOf = ({ schema, rows, event, context, errors, splits }: Prepared, seed: number): Matrices => {
  const width = schema.columns.length
  const data = { rows, width, event, contextWidth: contextWidth(schema.given), context, errors }
  return withErrorsDrawn(data, Int32Array.of(...splits.validation, ...splits.test), foldIn(key(seed), 6_000_011))
}

const trainOn = async (name: string, flow: Flow, prepared: Prepared, plan: Plan, options: FitOptions): Promise<Trained> => {
  const { schema, splits } = prepared
  const checkpoints = checkpointsFor(prepared, flow, plan, options)
  const loss = (options.loss ?? negativeLogLikelihood)(flow)
  const events: TrainEvents = {
    checkpoints,
    onBegin: (step, execution) =>
      options.onStart?.({
        columns: schema.columns.map(c => c.name),
        given: schema.given.map(c => c.name),
        schema: declarations(schema),
        rows: rowCounts(prepared),
        notes: prepared.notes.map(describeNote),
        parameters: sizeOf(flow),
        stepsPerEpoch: plan.stepsPerEpoch,
        epochs: plan.epochs,
        execution,
        step,
      }),
    onCompiled: options.onCompiled,
    onStep: options.onStep,
    warn: message => options.onWarning?.(message),
    onEpoch: options.onEpoch,
    look: options.onModel && {
      every: 1000 * (options.modelEvery ?? 0.25),
      at: async (trained, told) => options.onModel!(lentModel(name, flow, trained, prepared, plan, options), told),
    },
    signal: options.signal,
  }
  const { train: training, validation } = splits
  return train(
    {
      flow,
      loss,
      data: matricesOf(prepared, plan.seed),
      train: training,
      validation,
      plan,
      executionOf: executionsFor(flow, plan, options),
    },
    events,
  )
}

/** How a fit is run, from the plan, or from the checkpoint that it goes on from. */
const executionsFor = (flow: Flow, plan: Plan, options: FitOptions): ((stored: Execution | undefined) => Execution) => {
  const machine = thisMachine()
  const chosen = chooseExecution(options, machine, { steps: plan.steps, rows: plan.batchSize, parameters: sizeOf(flow) })
  const { allowDifferentBits = false } = options.checkpoint ?? {}
  return stored => (stored === undefined ? chosen : resumedExecution(stored, chosen, options, machine, allowDifferentBits))
}

const checkpointsFor = (prepared: Prepared, flow: Flow, plan: Plan, { checkpoint }: FitOptions): TrainEvents['checkpoints'] => {
  if (checkpoint === undefined) return undefined
  const { folder, everySteps = 100, keep = 2, resume = false, allowDifferentBits = false } = checkpoint
  return { folder: checkpointFolder(folder, { identity: identityOf(flow, prepared, plan), keep, allowDifferentBits }), everySteps, resume }
}

const scored = async (
  name: string,
  flow: Flow,
  trained: Trained,
  prepared: Prepared,
  plan: Plan,
  options: FitOptions,
): Promise<FitResult> => {
  const { params, functions, progress } = trained
  const { schema, splits } = prepared
  const data = matricesOf(prepared, plan.seed)
  const constant = logScale(schema)
  const heldOutRows = splits.test.length > 0 ? splits.test : splits.validation
  const aborted = progress.stopped === 'aborted'
  const scores = aborted ? new Float64Array(0) : scoreStandardized(functions, params, data, heldOutRows).map(value => value + constant)
  const evaluation =
    aborted || splits.test.length < 2
      ? undefined
      : await evaluate({ flow, functions, params, prepared, data, logProb: scores, seed: plan.seed }, options)
  const record = recordOf(name, trained, prepared, plan, evaluation?.score ?? null, scores)
  // a fit too short to compile may be followed by many scores
  const own = functions.execution.mode === 'jit' ? functions : flowFunctions(flow, modelExecution(options))
  const model = modelOf({ flow, params, schema, record, registry: options.registry ?? builtins }, own)
  const heldOut = evaluation === undefined ? undefined : heldOutOf(prepared, scores)
  return { model, heldOut, evaluation }
}

/** What is remembered of a fit. `scores` are the log-densities of rows that were held out. */
const recordOf = (
  name: string,
  { functions, progress }: Trained,
  prepared: Prepared,
  plan: Plan,
  test: FitRecord['test'],
  scores: Float64Array,
): FitRecord => ({
  library: libraryVersion,
  data: name,
  seed: plan.seed,
  rows: rowCounts(prepared),
  notes: [...prepared.notes.map(describeNote), ...(progress.remark === null ? [] : [progress.remark])],
  density: prepared.notes.every(note => note._tag !== 'repeats'),
  options: {
    batchSize: plan.batchSize,
    epochs: plan.epochs,
    steps: plan.steps,
    patience: plan.patience,
    learningRate: plan.learningRate,
    schedule: plan.schedule,
    clipNorm: plan.clipNorm,
    weightDecay: plan.weightDecay,
    ema: plan.ema,
    execution: functions.execution,
  },
  epochs: progress.history,
  best: progress.best,
  stopped: progress.stopped ?? 'epochs',
  test,
  heldOut: evenRanks(scores, 1000),
})

/** The model of a fit that is not done, which it still owns: `dispose` leaves it alone. */
const lentModel = (name: string, flow: Flow, trained: Trained, prepared: Prepared, plan: Plan, options: FitOptions): Model => {
  const record = recordOf(name, trained, prepared, plan, null, new Float64Array(0))
  const { params, functions } = trained
  const parts = { flow, params, schema: prepared.schema, record, registry: options.registry ?? builtins }
  return { ...modelOf(parts, functions), dispose: () => undefined }
}

const heldOutOf = ({ schema, splits, event, context }: Prepared, logProb: Float64Array): HeldOut => {
  const rows = splits.test
  const inUnits = (values: Float32Array, columns: Schema['columns']): Matrix =>
    matrix(rows.length, columns.length, destandardize({ ...schema, columns }, values))
  const given =
    context === undefined
      ? undefined
      : inUnits(contextPlaces(schema.given, gatherRows(context, contextWidth(schema.given), rows)), schema.given)
  return { event: inUnits(gatherRows(event, schema.columns.length, rows), schema.columns), given, logProb }
}

const rowCounts = ({ read, rows, splits }: Prepared): RowCounts => ({
  read,
  used: rows,
  train: splits.train.length,
  validation: splits.validation.length,
  test: splits.test.length,
})

/** What the columns were taken for, where anything was said of them. */
const declarations = ({ columns, given }: Schema): TableSchema | undefined =>
  [...columns, ...given].every(({ kind }) => kind === undefined)
    ? undefined
    : Object.fromEntries(
        [...columns, ...given].map(({ name, kind, missing }) => [name, { kind: kind ?? { _tag: 'real' }, missing: missing === true }]),
      )

/** Sorted finite values at `count` evenly spaced ranks, or all of fewer. */
const evenRanks = (values: Float64Array, count: number): ReadonlyArray<number> => {
  const sorted = values.filter(Number.isFinite).sort()
  if (sorted.length <= count) return [...sorted]
  return Array.from({ length: count }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (count - 1))]!)
}

/** The number of values in a flow's parameters. */
const sizeOf = (flow: Flow): number => {
  const params = flow.init(key(0))
  const size = leaves(params).reduce((n, leaf) => n + leaf.size, 0)
  leaves(params).forEach(leaf => leaf.dispose())
  return size
}
