import { mapTree, handle, tidy, valueAndGrad } from '@diffeo/core'
import type { Batch, FlowParams, Key, Loss, Params } from '@diffeo/core'
import { applyUpdates, globalNorm } from '@diffeo/optim'
import type { GradientTransformation, ParameterEma, ParameterEmaState } from '@diffeo/optim'
import { stack } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Everything that a training step changes: a tree of tensors. Without an average, `average` is an empty list. */
export type TrainState = {
  readonly params: FlowParams
  readonly optimizer: Params
  readonly average: ParameterEmaState<FlowParams> | readonly []
}

export interface StepParts {
  readonly loss: Loss<FlowParams>
  readonly optimizer: GradientTransformation
  readonly average: ParameterEma | undefined
}

/** The state before the first step; allocates all of it. */
export const initState = ({ optimizer, average }: StepParts, params: FlowParams): TrainState =>
  tidy(() => ({
    params: mapTree(handle, params) as FlowParams, // mapTree keeps the structure
    optimizer: optimizer.init(params),
    average: average === undefined ? [] : average.init(params),
  }))

/** A whole training step as one pure function: [loss, norm of the gradient] and the next state. */
export const trainingStep =
  ({ loss, optimizer, average }: StepParts) =>
  (state: TrainState, batch: Batch, key: Key): { readonly state: TrainState; readonly report: Tensor } =>
    tidy(() => {
      const { value, grads } = valueAndGrad((params: FlowParams) => loss(params, batch, key))(state.params)
      const { updates, state: optimizerState } = optimizer.update(grads, state.optimizer, state.params)
      const params = applyUpdates(state.params, updates)
      const averaged = average === undefined || !('average' in state.average) ? ([] as const) : average.update(params, state.average)
      return { state: { params, optimizer: optimizerState, average: averaged }, report: stack([value, globalNorm(grads)]) }
    })

/** The parameters that are validated and kept: the average if there is one. */
export const evaluated = ({ params, average }: TrainState): FlowParams => ('average' in average ? average.average : params)
