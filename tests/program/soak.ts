import { leaves, realNvp, tidy } from '@diffeo/core'
import type { FlowParams, Params } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { dispose, memory } from '@tensorflow/tfjs-core'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { storage } from '../../packages/wasm/src/backend/storage.ts'
import { model, trainingStep } from './steps.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What lives after some steps. */
export interface Living {
  readonly step: number
  readonly tensors: number
  readonly compiledTensors: number
  readonly blocks: number
  readonly bytes: number
  readonly memory: number
  readonly kernels: number
  /** Bytes of the JavaScript heap, after a collection. */
  readonly heap: number
  readonly loss: number
}

const living = (step: number, loss: number): Living => {
  const { runtime, count } = storage()
  const { blocks, live } = runtime.stats()
  collect()
  return {
    step,
    tensors: memory().numTensors,
    compiledTensors: count(),
    blocks,
    bytes: live,
    memory: runtime.memory.buffer.byteLength,
    kernels: runtime.kernels(),
    heap: process.memoryUsage().heapUsed,
    loss,
  }
}

const small = (): ReturnType<typeof model> => model(realNvp({ layers: 3, hidden: [16] }), 2, 32)

/** The losses of the first steps, jitted or eagerly. */
export const firstLosses = (steps: number, isJitted: boolean): ReadonlyArray<number> => {
  const { flow, params, x } = small()
  const { init, step } = trainingStep(flow)
  const jitted = jit(step)
  const losses: number[] = []
  tidy(() => {
    let at = { params, state: init(params as Params) }
    for (let i = 0; i < steps; i++) {
      const { loss, ...next } = (isJitted ? jitted : step)(at.params, at.state, x)
      losses.push(loss.dataSync()[0]!)
      at = next as typeof at
    }
  })
  jitted.dispose()
  return losses
}

/** Trains a small flow by one jitted step, Adam's update in it, and says ten times what lives. */
export const soak = (steps: number, donates: boolean): ReadonlyArray<Living> => {
  const { flow, params: first, x } = small()
  const { init, step } = trainingStep(flow)
  const jitted = jit(step, donates ? { donate: [0, 1] } : {})
  let [params, state] = [first, init(first as Params)]
  const seen: Living[] = []
  for (let i = 1; i <= steps; i++) {
    const next = jitted(params, state, x)
    const loss = next.loss.dataSync()[0]!
    dispose(next.loss)
    if (!donates) dispose([...leaves(params as Params), ...leaves(state as unknown as Params)])
    params = next.params as FlowParams
    state = next.state
    if (i % Math.floor(steps / 10) === 0) seen.push(living(i, loss))
  }
  dispose([x, ...leaves(params as Params), ...leaves(state as unknown as Params)])
  jitted.dispose()
  return seen
}
