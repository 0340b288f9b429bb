import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, scalar, sign } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import { expectDecay } from './expect-option.ts'
import { keepNaN } from './keep-nan.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { firstMoment } from './moments.ts'

/** `count`: the number of updates so far; `mu`: the momentum. */
export type ScaleByLionState = { readonly count: Tensor; readonly mu: Params }

/** Options of `scaleByLion`. */
export interface LionOptions {
  readonly b1?: number
  readonly b2?: number
}

/**
 * Lion's direction, the sign of an interpolated momentum (Chen et al. 2023, algorithm 2); a NaN stays NaN.
 *
 *   sign((1 - b1) g + b1 mu),   then   mu = (1 - b2) g + b2 mu
 *
 * @throws RangeError when b1 or b2 is outside [0, 1)
 * @see https://arxiv.org/abs/2302.06675
 */
export const scaleByLion = ({ b1 = 0.9, b2 = 0.99 }: LionOptions = {}): GradientTransformation<ScaleByLionState> => {
  const who = 'scaleByLion'
  expectDecay(who, 'b1', b1)
  expectDecay(who, 'b2', b2)
  return {
    init: params => tidy(() => ({ count: scalar(0), mu: zerosLike(who, params) })),
    update: (grads, { count, mu }) =>
      tidy(() => {
        const interpolated = firstMoment(who, grads, mu, b1)
        return {
          updates: leafwise(who, { interpolated }, ({ interpolated: x }) => keepNaN(x, sign(x))),
          state: { count: add(count, 1), mu: firstMoment(who, grads, mu, b2) },
        }
      }),
  }
}
