import { handle, tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, div, mul, pow, scalar, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { expectDecay } from './expect-option.ts'
import { leafwise } from './leafwise.ts'

/** `count`: the number of updates so far; `average`: parameters, ready for use at any step. */
export type ParameterEmaState<P extends Params = Params> = { readonly count: Tensor; readonly average: P }

/** An average over the parameters of successive steps: what one evaluates instead of the last ones. */
export interface ParameterEma {
  init<P extends Params>(params: P): ParameterEmaState<P>
  update<P extends Params>(params: P, state: ParameterEmaState<P>): ParameterEmaState<P>
}

/**
 * The exponential moving average of parameters (Polyak averaging), held already debiased, so that `state.average` is a
 * parameter tree at every moment:
 *
 *   a_t = a_(t-1) + w_t (p_t - a_(t-1)),   w_t = (1 - decay) / (1 - decay^t)
 *
 * which is the debiased average of p_1 ... p_t; without `debias` w_t = 1 - decay, and the parameters given to init count too.
 * What does not change in training is its own average, bit for bit, so no mask is needed.
 *
 * @throws RangeError when decay is outside [0, 1)
 * @example const next = average.update(applyUpdates(params, updates), state)
 */
export const parameterEma = (decay: number, { debias = true }: { readonly debias?: boolean } = {}): ParameterEma => {
  const who = 'parameterEma'
  expectDecay(who, 'decay', decay)
  // with decay rounded as the tensors have it, w_1 is exactly 1
  const fresh = 1 - Math.fround(decay)
  return {
    // leafwise keeps the structure, and P is a structure of tensors
    init: <P extends Params>(params: P) =>
      tidy(() => ({ count: scalar(0), average: leafwise(who, { params }, ({ params: p }) => handle(p)) as P })),
    update: <P extends Params>(params: P, state: ParameterEmaState<P>) =>
      tidy(() => {
        const count = add(state.count, 1)
        const weight = debias ? div(fresh, sub(1, pow(decay, count))) : scalar(fresh)
        const average = leafwise(who, { params, average: state.average }, ({ params: p, average: a }) => add(a, mul(weight, sub(p, a))))
        return { count, average: average as P }
      }),
  }
}
