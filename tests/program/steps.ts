import { build, entries, key, mapTree, negativeLogLikelihood, normal, valueAndGrad } from '@diffeo/core'
import type { Flow, FlowParams, FlowSpec, Params } from '@diffeo/core'
import { adam, applyUpdates } from '@diffeo/optim'
import type { AdamState } from '@diffeo/optim'
import { add, mul } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A model with parameters away from their start, where a wrong sign would hide, and a batch. */
export interface Model {
  readonly flow: Flow
  readonly params: FlowParams
  readonly x: Tensor
}

export const model = (spec: FlowSpec, dim: number, rows: number): Model => {
  const flow = build(spec, { event: [dim] }) as Flow
  const params = flow.init(key(0))
  const moved = mapTree(
    (leaf: Tensor, path) => add(leaf, mul(0.05, normal(key(100 + path.join('.').length), leaf.shape))),
    params as Params,
  )
  return { flow, params: moved as FlowParams, x: normal(key(7), [rows, dim]) }
}

/** A training step: loss, gradient and Adam's update. */
export const trainingStep = (flow: Flow) => {
  const optimizer = adam(1e-3)
  const loss = negativeLogLikelihood(flow)
  return {
    init: optimizer.init,
    step: (params: FlowParams, state: AdamState, x: Tensor) => {
      const { value, grads } = valueAndGrad((p: FlowParams) => loss(p, { x }, key(0)))(params)
      const { updates, state: next } = optimizer.update(grads, state, params)
      return { loss: value, params: applyUpdates(params, updates), state: next }
    },
  }
}

/** How many leaves a tree has. */
export const count = (tree: Params): number => entries(tree).length
