import '@tensorflow/tfjs-backend-wasm'
import { entries, key, leaves, negativeLogLikelihood, valueAndGrad } from '@diffeo/core'
import type { FlowParams, Key, Params } from '@diffeo/core'
import type { AdamState } from '@diffeo/optim'
import { dispose, env, ready, mul, scalar, setBackend, slice, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { model, trainingStep } from '../../program/steps.ts'
import { families } from '../families.ts'
import type { Contestant, Facts, Task, Work } from '../work.ts'
import { jitted } from './jit.ts'
import type { Call } from './jit.ts'
import { specOf } from './spec.ts'
import { useTfjsRules } from './tfjs-rules.ts'

/** How a function of tensors is called. */
type Wrap = <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, donate?: ReadonlyArray<number>) => Call<A, R>

const eager: Wrap = f => ({ call: f, donates: false, facts: () => ({}) })

const start = async (): Promise<void> => {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  await setBackend('wasm')
  await ready()
}

/** diffeo by `jit`: relaxed SIMD where there is any, or with `deterministic` plain SIMD. */
export const compiled =
  (deterministic: boolean): Contestant =>
  async work => {
    await start()
    return taskOf(work, (f, donate = []) => jitted(f, { donate, deterministic }))
  }

/** The same code on tfjs' WebAssembly backend without `jit`, with core's gradient rules. */
export const uncompiled: Contestant = async work => {
  if (work.job === 'call') return undefined
  await start()
  return taskOf(work, eager)
}

/** The same with tfjs' own gradient rules: training steps only, for the others differ in nothing. */
export const uncompiledTfjsRules: Contestant = async work => {
  if (work.job !== 'step') return undefined
  await start()
  await useTfjsRules()
  return taskOf(work, eager)
}

const taskOf = (work: Work, wrap: Wrap): Task => {
  switch (work.job) {
    case 'step':
      return steps(work, wrap)
    case 'gradient':
      return gradients(work, wrap)
    case 'sample':
      return samples(work, wrap)
    case 'logProb':
      return scores(work, wrap)
    case 'call':
      return calls(wrap)
    default:
      return work.job satisfies never
  }
}

const steps = (work: Work, wrap: Wrap): Task => {
  const { flow, params, x: rows } = model(specOf(work), work.dim, work.rows)
  const x = work.angles ? mul(Math.PI, tanh(rows)) : rows
  const { init, step } = trainingStep(flow)
  const f = wrap(step, [0, 1])
  const at: { params: FlowParams; state: AdamState; value?: number } = { params, state: init(params) }
  const run = (): void => {
    const { params: before, state } = at
    const next = f.call(before, state, x)
    at.value ??= next.loss.dataSync()[0]!
    next.loss.dataSync()
    next.loss.dispose()
    if (!f.donates) dispose([...leaves(before as Params), ...leaves(state as unknown as Params)])
    at.params = next.params
    at.state = next.state
  }
  return { run, facts: () => ({ ...sizesOf(params, work), value: at.value!, ...f.facts(at.params, at.state, x) }) }
}

const gradients = (work: Work, wrap: Wrap): Task => {
  const { flow, params, x } = model(specOf(work), work.dim, work.rows)
  const loss = negativeLogLikelihood(flow)
  const f = wrap((p: FlowParams, rows: Tensor) => valueAndGrad((q: FlowParams) => loss(q, { x: rows }, key(0)))(p))
  const at: { value?: number } = {}
  const run = (): void => {
    const { value, grads } = f.call(params, x)
    at.value ??= value.dataSync()[0]!
    value.dataSync()
    dispose([value, ...leaves(grads as Params)])
  }
  return { run, facts: () => ({ ...sizesOf(params, work), value: at.value!, ...f.facts(params, x) }) }
}

const samples = (work: Work, wrap: Wrap): Task => {
  const { flow, params, x } = model(specOf(work), work.dim, 1)
  x.dispose()
  const f = wrap((p: FlowParams, k: Key) => flow.sample(p, k, work.rows))
  const at: { draw: number; value?: number } = { draw: 0 }
  const run = (): void => {
    at.draw += 1
    const drawn = f.call(params, key(at.draw))
    at.value ??= meanOf(drawn.dataSync())
    drawn.dataSync()
    drawn.dispose()
  }
  return { run, facts: () => ({ ...sizesOf(params, work), value: at.value!, ...f.facts(params, key(0)) }) }
}

const scores = (work: Work, wrap: Wrap): Task => {
  const { flow, params, x } = model(specOf(work), work.dim, work.rows)
  const chunks = Array.from({ length: work.rows / work.chunk }, (_, i) => slice(x, [i * work.chunk, 0], [work.chunk, work.dim]))
  const f = wrap((p: FlowParams, rows: Tensor) => flow.logProb(p, rows))
  const at: { value?: number } = {}
  const run = (): void =>
    chunks.forEach(rows => {
      const scored = f.call(params, rows)
      at.value ??= meanOf(scored.dataSync())
      scored.dataSync()
      scored.dispose()
    })
  return { run, facts: () => ({ ...sizesOf(params, work), value: at.value!, ...f.facts(params, chunks[0]!) }) }
}

const calls = (wrap: Wrap): Task => {
  const x = scalar(1)
  const f = wrap((one: Tensor) => one)
  return { run: () => f.call(x).dispose(), facts: () => f.facts(x) }
}

/** How many numbers a model has, and the multiply-adds of its matrices: one for each entry. */
const sizesOf = (params: FlowParams, { model: name }: Work): Facts => {
  const sizes = shapesOf(params)
  const parameters = sizes.reduce((n, shape) => n + sizeOf(shape), 0)
  if (name in families) return { parameters }
  return { parameters, multiplyAdds: sizes.filter(shape => shape.length === 2).reduce((n, shape) => n + sizeOf(shape), 0) }
}

const shapesOf = (params: FlowParams): ReadonlyArray<ReadonlyArray<number>> =>
  entries(params as Params)
    .filter(([path]) => path[0] !== 'base')
    .map(([, leaf]) => leaf.shape)

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length
