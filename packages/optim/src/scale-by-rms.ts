import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, div, mul, rsqrt, scalar, sqrt } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay, expectNonNegative } from './expect-option.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { biasCorrection, secondMoment } from './moments.ts'

/** `count`: the number of updates so far (kept without bias correction too); `nu`: the second moment, uncorrected. */
export type ScaleByRmsState = { readonly count: Tensor; readonly nu: Params }

/**
 * Options of `scaleByRms` and `scaleByStddev`.
 *
 * @param initialScale  the second moment before the first update: 0 here and in optax, 1 in TensorFlow
 */
export interface RmsOptions {
  readonly decay?: number
  readonly eps?: number
  readonly initialScale?: number
  readonly epsInSqrt?: boolean
  readonly biasCorrection?: boolean
}

/**
 * RMSProp's direction (Tieleman & Hinton 2012): g / sqrt(nu + eps), or g / (sqrt(nu) + eps) when eps stands outside.
 *
 * @throws RangeError when decay is outside [0, 1), or eps or initialScale negative
 */
export const scaleByRms = ({
  decay = 0.9,
  eps = 1e-8,
  initialScale = 0,
  epsInSqrt = true,
  biasCorrection: corrected = false,
}: RmsOptions = {}): GradientTransformation<ScaleByRmsState> => {
  const who = 'scaleByRms'
  expectDecay(who, 'decay', decay)
  expectNonNegative(who, 'eps', eps)
  expectNonNegative(who, 'initialScale', initialScale)
  return {
    init: params => tidy(() => ({ count: scalar(0), nu: filledLike(who, params, initialScale) })),
    update: (grads, state) =>
      tidy(() => {
        const count = add(state.count, 1)
        const nu = secondMoment(who, grads, state.nu, decay)
        const nuHat = corrected ? biasCorrection(who, nu, decay, count) : nu
        const updates = leafwise(who, { grads, nuHat }, ({ grads: g, nuHat: v }) => mul(inverseRoot(v, eps, epsInSqrt), g))
        return { updates, state: { count, nu } }
      }),
  }
}

/** 1 / sqrt(v + eps), or 1 / (sqrt(v) + eps). */
export const inverseRoot = (v: Tensor, eps: number, epsInSqrt: boolean): Tensor =>
  epsInSqrt ? rsqrt(add(v, eps)) : div(1, add(sqrt(v), eps))

/** A moment that begins at a constant. */
export const filledLike = (who: string, params: Params, value: number): Params =>
  leafwise(who, { zeros: zerosLike(who, params) }, ({ zeros }) => add(zeros, value))
