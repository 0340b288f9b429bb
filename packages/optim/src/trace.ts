import { handle, tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, mul, scalar } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay } from './expect-option.ts'
import { leafwise, zerosLike } from './leafwise.ts'

/** `trace`: the decaying sum of the gradients. */
export type TraceState = { readonly trace: Params }

/**
 * Momentum (Polyak 1964): t = g + decay t, given as the update; with `nesterov` g + decay t once more (Sutskever et al. 2013).
 *
 * @throws RangeError when decay is outside [0, 1)
 */
export const trace = (decay: number, { nesterov = false }: { readonly nesterov?: boolean } = {}): GradientTransformation<TraceState> => {
  expectDecay('trace', 'decay', decay)
  return {
    init: params => tidy(() => ({ trace: zerosLike('trace', params) })),
    update: (grads, state) =>
      tidy(() => {
        const kept = scalar(decay)
        const accumulate = (previous: Params): Params =>
          leafwise('trace', { grads, trace: previous }, ({ grads: g, trace: t }) => add(g, mul(kept, t)))
        const next = accumulate(state.trace)
        const updates = nesterov ? accumulate(next) : leafwise('trace', { next }, ({ next: t }) => handle(t))
        return { updates, state: { trace: next } }
      }),
  }
}
