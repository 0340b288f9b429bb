import { crossEntropy, distillation, entropy, foldIn, key as seedKey, klDivergence, split, tidy } from '@diffeo/core'
import type { Context, Distribution, Estimate, Flow, FlowParams, Key, Params } from '@diffeo/core'
import { zeros } from '@tensorflow/tfjs-core'
import { executed } from '../execution/executed.ts'
import { disposeTree } from '../fit/dispose.ts'
import { optimizerFor } from '../fit/optimizer.ts'
import { initState, trainingStep } from '../fit/step.ts'
import type { Stepped, TrainState } from '../fit/step.ts'

/** A distribution that can be scored, with its parameters: a fitted model has both, `{ distribution: model.flow, params: model.params }`. */
export interface Teacher<P extends Params = Params> {
  readonly distribution: Distribution<P>
  readonly params: P
}

/** How a student is trained. */
export interface DistillOptions {
  /** 2000 unless said. */
  readonly steps?: number
  /** Draws through the student for each step; 256 unless said. */
  readonly batchSize?: number
  /** Where the cosine schedule starts; 3e-3 unless said. */
  readonly learningRate?: number
  /** Draws for the estimates at the end; 10,000 unless said. */
  readonly samples?: number
  /** 0 unless said. */
  readonly seed?: number
  /** Contexts of n rows, where teacher or student take one. Whoever calls frees nothing. */
  readonly contexts?: (key: Key, n: number) => Context
  /** Whether the step is compiled; true unless said. Without a compiler it runs op by op. */
  readonly jit?: boolean
  /** Called every 100 steps with the loss, an estimate of KL(student || teacher) on one batch. */
  readonly onStep?: (progress: { readonly step: number; readonly loss: number }) => void
}

/** A student, and how far from its teacher it is. */
export interface Distilled {
  /** The student's; whoever called disposes of them. */
  readonly params: FlowParams
  /** KL(student || teacher) = crossEntropy - entropy, on draws of their own; the error is that of the difference, which is smaller than theirs. */
  readonly kl: Estimate
  /** H(student, teacher). */
  readonly crossEntropy: Estimate
  /** H(student). */
  readonly entropy: Estimate
  /** The three in a line, with their Monte Carlo errors. */
  readonly summary: string
}

/**
 * Probability density distillation (van den Oord et al. 2018): trains a flow that samples fast on one that scores fast, such as an `iaf` on a `maf`, by
 * KL(student || teacher) over samples of the student. One compiled step: Adam with a cosine schedule, the norm of the gradient clipped at 5.
 *
 * The divergence does not pay for what the teacher has and the student leaves out: look at samples of both.
 *
 * @throws RangeError when the events differ, or a number is out of range
 * @throws TypeError when a context is needed and there are no `contexts`
 * @example const { params, summary } = await distill({ distribution: model.flow, params: model.params }, build(iaf(), { event: [2] }))
 * @see https://arxiv.org/abs/1711.10433
 */
export const distill = async <P extends Params>(teacher: Teacher<P>, student: Flow, options: DistillOptions = {}): Promise<Distilled> => {
  const { steps = 2000, batchSize = 256, learningRate = 3e-3, samples = 10_000, seed = 0, contexts, jit = true, onStep } = options
  checkFit(teacher.distribution, student, contexts !== undefined)
  checkCounts({ steps, batchSize, samples })
  if (!(learningRate > 0)) throw new RangeError(`distill: expected a learning rate > 0, got ${learningRate}`)
  const [initKey, stepKey, contextKey, lastKey] = split(seedKey(seed), 4) as unknown as readonly [Key, Key, Key, Key]
  const optimizer = optimizerFor({ learningRate, steps, clipNorm: 5 }, student.trainable)
  type Given = { readonly context?: Context }
  const stepped = (state: TrainState, fixed: P, given: Given, key: Key): Stepped => {
    const loss = distillation({ distribution: teacher.distribution, params: fixed }, student, { samples: batchSize })
    return trainingStep({ loss, optimizer, average: undefined })(state, { ...given, x: zeros([1, ...student.space.shape]) }, key)
  }
  const step = executed({ mode: jit ? 'jit' : 'eager', simd: 'relaxed', workers: 1 }, stepped, { donate: [0] })
  const contextOf = (i: number, n: number): Given => (contexts === undefined ? {} : { context: contexts(foldIn(contextKey, i), n) })
  try {
    const state = await trained(step, teacher.params, student, optimizer, {
      initKey,
      stepKey,
      steps,
      contextOf: i => contextOf(i, batchSize),
      onStep,
    })
    const params = state.params
    disposeTree([state.optimizer as Params])
    return estimated(teacher, student, params, lastKey, contextOf(steps, samples), samples)
  } finally {
    step.dispose()
  }
}

interface Course {
  readonly initKey: Key
  readonly stepKey: Key
  readonly steps: number
  readonly contextOf: (i: number) => { readonly context?: Context }
  readonly onStep: DistillOptions['onStep']
}

type StepOf<P> = (state: TrainState, fixed: P, given: { readonly context?: Context }, key: Key) => Stepped

const every = 100

const trained = async <P extends Params>(
  step: StepOf<P>,
  fixed: P,
  student: Flow,
  optimizer: Parameters<typeof initState>[0]['optimizer'],
  { initKey, stepKey, steps, contextOf, onStep }: Course,
): Promise<TrainState> => {
  let state = tidy(() => initState({ optimizer, average: undefined, loss: () => zeros([]) }, student.init(initKey)))
  for (let i = 0; i < steps; i++) {
    const given = contextOf(i)
    const { state: next, report } = step(state, fixed, given, foldIn(stepKey, i))
    disposeTree({ ...given })
    state = next
    if (onStep !== undefined && (i + 1) % every === 0) onStep({ step: i + 1, loss: report.dataSync()[0]! })
    report.dispose()
    // a page stays responsive
    if ((i + 1) % every === 0) await new Promise(resolve => setTimeout(resolve))
  }
  return state
}

const estimated = <P extends Params>(
  teacher: Teacher<P>,
  student: Flow,
  params: FlowParams,
  key: Key,
  given: { readonly context?: Context },
  samples: number,
): Distilled => {
  const at = <Q extends Params>(distribution: Distribution<Q>): { readonly context?: Context } =>
    distribution.contextShape === undefined ? {} : given
  const own = { distribution: student as Distribution, params, ...at(student) }
  const other = { distribution: teacher.distribution as Distribution, params: teacher.params, ...at(teacher.distribution) }
  // one key: the three are of the same draws
  const kl = klDivergence(own, other, key, { samples })
  const cross = crossEntropy(own, other, key, { samples })
  const self = entropy(own, key, { samples })
  disposeTree({ ...given })
  const show = ({ value, standardError }: Estimate): string => `${value.toFixed(4)} +- ${standardError.toFixed(4)}`
  const summary = `KL(student || teacher) = ${show(kl)} nats = H(student, teacher) ${show(cross)} - H(student) ${show(self)}, ${samples} draws`
  return { params, kl, crossEntropy: cross, entropy: self, summary }
}

const checkFit = <P extends Params>(teacher: Distribution<P>, student: Flow, hasContexts: boolean): void => {
  const [a, b] = [teacher.space.shape, student.space.shape]
  if (a.join() !== b.join()) throw new RangeError(`distill: expected a student of events [${a.join(', ')}], got one of [${b.join(', ')}]`)
  const takes = teacher.contextShape !== undefined || student.contextShape !== undefined
  if (takes !== hasContexts)
    throw new TypeError(
      `distill: expected ${takes ? 'contexts, got none' : 'no contexts, got some'}; ${takes ? 'teacher or student takes one' : 'neither takes one'}`,
    )
}

const checkCounts = (counts: { readonly [name: string]: number }): void =>
  Object.entries(counts).forEach(([name, count]) => {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`distill: expected a whole number of ${name} >= 1, got ${count}`)
  })
