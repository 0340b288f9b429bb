import { handle, tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay } from './expect-option.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { biasCorrection, firstMoment } from './moments.ts'

/** `count`: the number of updates so far; `ema`: the moving average, uncorrected. */
export type EmaState = { readonly count: Tensor; readonly ema: Params }

/**
 * Replaces the gradients by their exponential moving average; for an average of parameters see `parameterEma`.
 *
 * @param debias  divide by 1 - decay^t, since the average began at zero
 * @throws RangeError when decay is outside [0, 1)
 */
export const ema = (decay: number, { debias = true }: { readonly debias?: boolean } = {}): GradientTransformation<EmaState> => {
  expectDecay('ema', 'decay', decay)
  return {
    init: params => tidy(() => ({ count: scalar(0), ema: zerosLike('ema', params) })),
    update: (grads, state) =>
      tidy(() => {
        const count = add(state.count, 1)
        const average = firstMoment('ema', grads, state.ema, decay)
        const updates = debias ? biasCorrection('ema', average, decay, count) : leafwise('ema', { average }, ({ average: x }) => handle(x))
        return { updates, state: { count, ema: average } }
      }),
  }
}
