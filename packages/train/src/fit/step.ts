import { mapTree, handle, tidy, valueAndGrad, zipTree } from '@diffeo/core'
import type { Batch, FlowParams, Key, Loss, Params } from '@diffeo/core'
import { applyUpdates, globalNorm } from '@diffeo/optim'
import type { GradientTransformation, ParameterEma, ParameterEmaState } from '@diffeo/optim'
import { all, isFinite, stack, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Everything that a training step changes: a tree of tensors. Without an average, `average` is an empty list. */
export type TrainState = {
  readonly params: FlowParams
  readonly optimizer: Params
  readonly average: ParameterEmaState<FlowParams> | readonly []
}

export interface StepParts {
  readonly loss: Loss<FlowParams>
  /** Parameters moved towards the statistics of a batch, before the gradient is taken; none where nothing follows them. */
  readonly follow?: (params: FlowParams, batch: Batch) => FlowParams
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

/** What a step gives: the next state, and [loss, norm of the gradient]. */
export type Stepped = { readonly state: TrainState; readonly report: Tensor }

/** A whole training step as one pure function. Where loss or gradient are not finite, the state stays as it was. */
export const trainingStep =
  ({ loss, follow, optimizer, average }: StepParts) =>
  (state: TrainState, batch: Batch, key: Key): Stepped =>
    tidy(() => {
      const before = follow === undefined ? state.params : follow(state.params, batch)
      const { value, grads } = valueAndGrad((params: FlowParams) => loss(params, batch, key))(before)
      const { updates, state: optimizerState } = optimizer.update(grads, state.optimizer, before)
      const params = applyUpdates(before, updates)
      const averaged = average === undefined || !('average' in state.average) ? ([] as const) : average.update(params, state.average)
      const report = stack([value, globalNorm(grads)])
      const isGood = all(isFinite(report))
      const next: TrainState = { params, optimizer: optimizerState, average: averaged }
      return { state: zipTree((a: Tensor, b: Tensor): Tensor => where(isGood, a, b), next, state) as TrainState, report } // zipTree keeps the structure
    })

/** The parameters that are validated and kept: the average if there is one. */
export const evaluated = ({ params, average }: TrainState): FlowParams => ('average' in average ? average.average : params)
