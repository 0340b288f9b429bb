import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, maximum, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay, expectNonNegative } from './expect-option.ts'
import { keepNaN } from './keep-nan.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { biasCorrection, firstMoment, secondMoment } from './moments.ts'
import { overRoot } from './scale-by-adam.ts'

/** As ScaleByAdamState; `nuMax`: the largest corrected second moment so far, elementwise. */
export type ScaleByAmsgradState = { readonly count: Tensor; readonly mu: Params; readonly nu: Params; readonly nuMax: Params }

/**
 * Options of `amsgrad` and `scaleByAmsgrad`.
 *
 * @param epsRoot  inside the square root
 */
export interface AmsgradOptions {
  readonly b1?: number
  readonly b2?: number
  readonly eps?: number
  readonly epsRoot?: number
  readonly biasCorrectionMu?: boolean
  readonly biasCorrectionNu?: boolean
}

/**
 * Adam whose second moment never falls (Reddi et al. 2018, algorithm 2, with optax's bias corrections).
 *
 *   nuMax = max(nuMax, nu^)        mu^ / (sqrt(nuMax + epsRoot) + eps)
 *
 * @throws RangeError when b1 or b2 is outside [0, 1), or eps or epsRoot negative
 * @see https://openreview.net/forum?id=ryQu7f-RZ
 */
export const scaleByAmsgrad = ({
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  epsRoot = 0,
  biasCorrectionMu = true,
  biasCorrectionNu = true,
}: AmsgradOptions = {}): GradientTransformation<ScaleByAmsgradState> => {
  const who = 'scaleByAmsgrad'
  expectDecay(who, 'b1', b1)
  expectDecay(who, 'b2', b2)
  expectNonNegative(who, 'eps', eps)
  expectNonNegative(who, 'epsRoot', epsRoot)
  return {
    init: params =>
      tidy(() => ({ count: scalar(0), mu: zerosLike(who, params), nu: zerosLike(who, params), nuMax: zerosLike(who, params) })),
    update: (grads, state) =>
      tidy(() => {
        const count = add(state.count, 1)
        const mu = firstMoment(who, grads, state.mu, b1)
        const nu = secondMoment(who, grads, state.nu, b2)
        const muHat = biasCorrectionMu ? biasCorrection(who, mu, b1, count) : mu
        const nuHat = biasCorrectionNu ? biasCorrection(who, nu, b2, count) : nu
        const nuMax = leafwise(who, { nuHat, nuMax: state.nuMax }, ({ nuHat: v, nuMax: largest }) => keepNaN(v, maximum(largest, v)))
        return { updates: overRoot(who, muHat, nuMax, eps, epsRoot), state: { count, mu, nu, nuMax } }
      }),
  }
}
