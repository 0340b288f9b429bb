import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, maximum, mul, scalar, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay, expectNonNegative } from './expect-option.ts'
import { keepNaN } from './keep-nan.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { biasCorrection, firstMoment, secondMoment } from './moments.ts'
import { filledLike, inverseRoot } from './scale-by-rms.ts'
import type { RmsOptions } from './scale-by-rms.ts'

/** As ScaleByRmsState, with the first moment `mu`. */
export type ScaleByStddevState = { readonly count: Tensor; readonly mu: Params; readonly nu: Params }

/**
 * The centred RMSProp (Graves 2013, eq. 38-45): g / sqrt(nu - mu^2 + eps), or g / (sqrt(nu - mu^2) + eps).
 *
 * nu - mu^2 is a variance; where rounding makes it negative (gradients that stay the same) it is taken as 0, while optax
 * goes on to NaN.
 *
 * @throws RangeError when decay is outside [0, 1), or eps or initialScale negative
 * @see https://arxiv.org/abs/1308.0850
 */
export const scaleByStddev = ({
  decay = 0.9,
  eps = 1e-8,
  initialScale = 0,
  epsInSqrt = true,
  biasCorrection: corrected = false,
}: RmsOptions = {}): GradientTransformation<ScaleByStddevState> => {
  const who = 'scaleByStddev'
  expectDecay(who, 'decay', decay)
  expectNonNegative(who, 'eps', eps)
  expectNonNegative(who, 'initialScale', initialScale)
  return {
    init: params => tidy(() => ({ count: scalar(0), mu: zerosLike(who, params), nu: filledLike(who, params, initialScale) })),
    update: (grads, state) =>
      tidy(() => {
        const count = add(state.count, 1)
        const mu = firstMoment(who, grads, state.mu, decay)
        const nu = secondMoment(who, grads, state.nu, decay)
        const muHat = corrected ? biasCorrection(who, mu, decay, count) : mu
        const nuHat = corrected ? biasCorrection(who, nu, decay, count) : nu
        const updates = leafwise(who, { grads, muHat, nuHat }, ({ grads: g, muHat: m, nuHat: v }) =>
          mul(inverseRoot(variance(m, v), eps, epsInSqrt), g),
        )
        return { updates, state: { count, mu, nu } }
      }),
  }
}

const variance = (mean: Tensor, meanSquare: Tensor): Tensor => {
  const v = sub(meanSquare, square(mean))
  return keepNaN(v, maximum(v, 0))
}
