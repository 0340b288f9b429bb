import { entries, foldIn, handle, key as seedKey, mapTree, showPath, split, tidy, valueAndGrad } from '@diffeo/core'
import type { Batch, Flow, FlowParams, Key, Loss } from '@diffeo/core'
import { parameterEma } from '@diffeo/optim'
import { executed } from '../execution/executed.ts'
import type { Executed } from '../execution/executed.ts'
import type { Execution } from '../execution/execution.ts'
import { flowFunctions } from '../execution/flow-functions.ts'
import type { FlowFunctions } from '../execution/flow-functions.ts'
import { scalar } from '@tensorflow/tfjs-core'
import type { Epoch } from '../model/record.ts'
import { batchOf, epochOrder } from './batches.ts'
import type { Matrices } from './batches.ts'
import type { Checkpoint, CheckpointFolder } from './checkpoint.ts'
import { optimizerOf, scheduleOf } from './optimizer.ts'
import type { StepProgress } from './options.ts'
import type { Plan } from './plan.ts'
import { disposeTree } from './dispose.ts'
import { begin } from './progress.ts'
import type { Progress } from './progress.ts'
import { meanOf, scoreStandardized } from './score.ts'
import { evaluated, initState, trainingStep } from './step.ts'
import type { StepParts, Stepped, TrainState } from './step.ts'

/** What is fitted to what. */
export interface Problem {
  readonly flow: Flow
  readonly loss: Loss<FlowParams>
  readonly data: Matrices
  readonly train: Int32Array
  readonly validation: Int32Array
  readonly plan: Plan
  /** How it is run, for a checkpoint that says how it was made, or none. */
  readonly executionOf: (stored: Execution | undefined) => Execution
}

export interface TrainEvents {
  readonly checkpoints?: { readonly folder: CheckpointFolder; readonly everySteps: number; readonly resume: boolean } | undefined
  readonly onBegin?: (step: number, execution: Execution) => void
  readonly onCompiled?: ((seconds: number) => void) | undefined
  readonly onStep?: ((progress: StepProgress) => void) | undefined
  readonly onEpoch?: ((epoch: Epoch) => void) | undefined
  readonly warn?: (message: string) => void
  /** Called between two steps, at most every `every` milliseconds, with what is then to be had. */
  readonly look?: { readonly every: number; readonly at: (trained: Trained, progress: StepProgress) => Promise<void> } | undefined
  readonly signal?: AbortSignal | undefined
}

/** The best parameters and the flow's functions, owned by the caller, and how training went. */
export interface Trained {
  readonly params: FlowParams
  readonly functions: FlowFunctions
  readonly progress: Progress
}

/** Milliseconds between two looks at the event loop, so that an abort, a signal or a page is served. */
const turnTime = 20

/**
 * Trains a flow: minibatches, validation after every epoch, early stopping, the best parameters kept. A run that is resumed from
 * any of its checkpoints ends in the same bits as one that was never stopped: batches and keys depend on the seed, the epoch and
 * the step alone.
 */
export const train = async (problem: Problem, events: TrainEvents = {}): Promise<Trained> => {
  const { flow, loss, plan } = problem
  const keys = keysOf(plan.seed)
  const { bijector } = flow
  const parts: StepParts = {
    loss,
    ...(bijector.follow && {
      follow: (params: FlowParams, { x, context }: Batch): FlowParams => ({
        ...params,
        bijector: bijector.follow!(params.bijector, 'data', x, context),
      }),
    }),
    optimizer: optimizerOf(plan, flow.trainable),
    average: plan.ema === null ? undefined : parameterEma(plan.ema),
  }
  let at = await startAt(problem, parts, keys, events)
  const { execution } = at
  const step = executed(execution, trainingStep(parts), { donate: [0] })
  const copied = executed(execution, copyOf)
  const functions = flowFunctions(flow, execution)
  const keep = keeping(copied)
  let order: { readonly epoch: number; readonly rows: Int32Array } | undefined
  let lastTurn = performance.now()
  let lastLook = lastTurn
  try {
    events.onBegin?.(at.progress.step, execution)
    if (execution.mode === 'jit' && at.progress.stopped === null) await compile(problem, step, keys, at, events)
    while (at.progress.stopped === null) {
      if (events.signal?.aborted) {
        await events.checkpoints?.folder.save(at)
        at = stopped(at.progress.best === null ? keep(at, evaluated(at.state)) : at, { stopped: 'aborted' })
        break
      }
      const epoch = Math.floor(at.progress.step / plan.stepsPerEpoch)
      if (order?.epoch !== epoch) order = { epoch, rows: epochOrder(keys.order, epoch, problem.train) }
      at = oneStep(problem, step, keep, keys.step, order.rows, at)
      if (at.progress.stopped !== null) break
      const told = { step: at.progress.step, epoch: epoch + 1, steps: plan.steps, loss: at.progress.lossSum / at.progress.lossCount }
      events.onStep?.(told)
      const epochEnds = at.progress.step % plan.stepsPerEpoch === 0 || at.progress.step === plan.steps
      if (epochEnds) {
        at = endOfEpoch(problem, functions, keep, at)
        events.onEpoch?.(at.progress.history.at(-1)!)
      }
      const due = at.progress.stopped !== null || at.progress.step % (events.checkpoints?.everySteps ?? Infinity) === 0
      if (due) await events.checkpoints?.folder.save(at)
      if (performance.now() - lastTurn < turnTime) continue
      if (events.look !== undefined && performance.now() - lastLook >= events.look.every) {
        await events.look.at({ params: evaluated(at.state), functions, progress: at.progress }, told)
        lastLook = performance.now()
      }
      await turn()
      lastTurn = performance.now()
    }
    return { params: at.best, functions, progress: at.progress }
  } catch (thrown) {
    disposeTree(at.best)
    functions.dispose()
    throw thrown
  } finally {
    disposeTree(at.state)
    step.dispose()
    copied.dispose()
  }
}

type Step = Executed<(state: TrainState, batch: Batch, key: Key) => Stepped>

/** Traces and compiles the training step, and tells how long it took. */
const compile = async (problem: Problem, step: Step, keys: Keys, at: Checkpoint, { onCompiled }: TrainEvents): Promise<void> => {
  const start = performance.now()
  const batch = batchOf(problem.data, problem.train.subarray(0, problem.plan.batchSize))
  try {
    await step.compile(at.state, batch, keys.step)
  } finally {
    disposeTree({ ...batch })
  }
  onCompiled?.((performance.now() - start) / 1000)
}

const stopped = (at: Checkpoint, how: Pick<Progress, 'stopped'> & Partial<Progress>): Checkpoint => ({
  ...at,
  progress: { ...at.progress, ...how },
})

interface Keys {
  readonly init: Key
  readonly order: Key
  readonly step: Key
}

/** The key of the draws within known errors of the inputs. */
const errorKey = (seed: number): Key => foldIn(seedKey(seed), 5_000_011)

const keysOf = (seed: number): Keys => {
  const [init, order, step] = split(seedKey(seed), 3)
  return { init: init!, order: order!, step: step! }
}

/** Parameters as the flow makes them, set from the first batch where a layer wants that. */
const freshParams = ({ flow, data, train: rows, plan }: Problem, keys: Keys): FlowParams =>
  tidy(() => {
    const params = flow.init(keys.init)
    if (flow.bijector.adapt === undefined && flow.base.adapt === undefined) return params
    const { x, context } = batchOf(data, epochOrder(keys.order, 0, rows).subarray(0, Math.max(plan.batchSize, Math.min(rows.length, 1024))))
    const bijector = flow.bijector.adapt?.(params.bijector, 'data', x, context) ?? params.bijector
    const base = flow.base.adapt?.(params.base, flow.toBase({ ...params, bijector }, x, context)) ?? params.base
    return { base, bijector }
  })

const startAt = async (problem: Problem, parts: StepParts, keys: Keys, { checkpoints, warn }: TrainEvents): Promise<Checkpoint> => {
  const fresh = tidy(() => {
    const params = freshParams(problem, keys)
    return { state: initState(parts, params), best: params }
  })
  const found = checkpoints?.resume ? await checkpoints.folder.load(fresh, warn ?? (() => {})) : undefined
  if (found === undefined) return { ...fresh, progress: begin, execution: problem.executionOf(undefined) }
  disposeTree(fresh)
  try {
    return { ...found, execution: problem.executionOf(found.execution) }
  } catch (thrown) {
    disposeTree({ state: found.state, best: found.best })
    throw thrown
  }
}

type Keep = (at: Checkpoint, params: FlowParams) => Checkpoint

/** One step on: the next state, or, where loss or gradient are not finite, the end of training with the state as it was. */
const oneStep = (problem: Problem, step: Step, keep: Keep, key: Key, order: Int32Array, at: Checkpoint): Checkpoint => {
  const { plan, data } = problem
  const done = at.progress.step
  const from = (done % plan.stepsPerEpoch) * plan.batchSize
  const batch = batchOf(data, order.subarray(from, from + plan.batchSize), foldIn(errorKey(plan.seed), done))
  try {
    const { state, report } = step(at.state, batch, foldIn(key, done))
    const [loss, norm] = report.dataSync<'float32'>()
    report.dispose()
    const next = { ...at, state }
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      const { lossSum, lossCount } = at.progress
      return { ...next, progress: { ...at.progress, step: done + 1, lossSum: lossSum + loss!, lossCount: lossCount + 1 } }
    }
    const culprit = firstNonFinite(problem.loss, state.params, batch, foldIn(key, done))
    const remark = `Training ended at step ${done + 1}: the loss is ${loss}, the norm of the gradient ${norm}; the first value that is not finite is ${culprit}. The parameters before that step are kept.`
    return stopped(at.progress.best === null ? keep(next, evaluated(state)) : next, { stopped: 'nonFinite', remark })
  } finally {
    disposeTree({ ...batch })
  }
}

/** The first leaf whose gradient is not finite, by name, for the message. */
const firstNonFinite = (loss: Loss<FlowParams>, params: FlowParams, batch: Batch, key: Key): string =>
  tidy(() => {
    const { grads } = valueAndGrad((p: FlowParams) => loss(p, batch, key))(params)
    const bad = entries(grads).find(([, leaf]) => !leaf.dataSync<'float32'>().every(Number.isFinite))
    return bad === undefined ? 'the loss itself' : `the gradient of ${showPath(bad[0])}`
  })

const endOfEpoch = (problem: Problem, functions: FlowFunctions, keep: Keep, at: Checkpoint): Checkpoint => {
  const { plan, data } = problem
  const { progress } = at
  const params = evaluated(at.state)
  const validation = -meanOf(scoreStandardized(functions, params, data, problem.validation))
  const epoch: Epoch = {
    epoch: progress.history.length + 1,
    step: progress.step,
    train: progress.lossSum / progress.lossCount,
    validation,
    learningRate: learningRateAt(plan, progress.step),
  }
  const better = Number.isFinite(validation) && (progress.best === null || validation < progress.best.validation)
  const waited = better ? 0 : progress.waited + 1
  const next: Progress = {
    ...progress,
    lossSum: 0,
    lossCount: 0,
    history: [...progress.history, epoch],
    best: better ? { epoch: epoch.epoch, validation } : progress.best,
    waited,
    stopped: progress.step >= plan.steps ? plan.limit : waited >= plan.patience ? 'patience' : null,
  }
  return { ...(better ? keep(at, params) : at), progress: next }
}

const copyOf = (params: FlowParams): FlowParams => mapTree(handle, params) as FlowParams // mapTree keeps the structure

/** The checkpoint with a copy of these parameters as the best: the next step uses them up. */
const keeping =
  (copied: Executed<typeof copyOf>): Keep =>
  (at, params) => {
    disposeTree(at.best)
    return { ...at, best: copied(params) }
  }

const learningRateAt = (plan: Plan, step: number): number => {
  const rate = tidy(() => scheduleOf(plan)(scalar(step)))
  const [value] = rate.dataSync<'float32'>()
  rate.dispose()
  return value!
}

const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0))
