import '@tensorflow/tfjs-backend-wasm'
import { key, leaves, negativeLogLikelihood, valueAndGrad } from '@diffeo/core'
import type { FlowParams, Params } from '@diffeo/core'
import { adam, applyUpdates } from '@diffeo/optim'
import type { AdamState } from '@diffeo/optim'
import { parallel } from '@diffeo/program'
import { dispose, env, ready, setBackend } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { model } from '../../program/steps.ts'
import type { Contestant } from '../work.ts'
import { jitted } from './jit.ts'
import { specOf } from './spec.ts'

/** A training step on two workers: each has half of the rows, and the update is made once. */
export const workers: Contestant = async work => {
  if (work.job !== 'step') return undefined
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  await setBackend('wasm')
  await ready()
  const { flow, params, x } = model(specOf(work), work.dim, work.rows)
  const optimizer = adam(1e-3)
  const loss = negativeLogLikelihood(flow)
  const lossAndGrad = parallel((p: FlowParams, rows: Tensor) => valueAndGrad((q: FlowParams) => loss(q, { x: rows }, key(0)))(p), {
    workers: 2,
    shard: [1],
    reduce: 'mean',
  })
  const update = jitted(
    (p: FlowParams, state: AdamState, grads: FlowParams) => {
      const next = optimizer.update(grads as Params, state, p as Params)
      return { params: applyUpdates(p, next.updates), state: next.state }
    },
    { donate: [0, 1], deterministic: false },
  )
  const at: { params: FlowParams; state: AdamState; value?: number } = { params, state: optimizer.init(params as Params) }
  const run = async (): Promise<void> => {
    const { value, grads } = await lossAndGrad(at.params, x)
    at.value ??= value.dataSync()[0]!
    const next = update.call(at.params, at.state, grads)
    dispose([value, ...leaves(grads as Params)])
    at.params = next.params
    at.state = next.state
  }
  return { run, facts: () => ({ value: at.value! }) }
}
