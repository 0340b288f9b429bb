import { tidy } from '@diffeo/core'
import { add, cos, div, minimum, mul, pow } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite, expectNonNegative, expectOption } from '../expect-option.ts'

/**
 * Options of `cosineDecaySchedule`.
 *
 * @param alpha  the end value, as a fraction of initValue
 */
export interface CosineDecayOptions {
  readonly initValue: number
  readonly decaySteps: number
  readonly alpha?: number
  readonly exponent?: number
}

/**
 * Half a cosine from initValue down to alpha initValue (Loshchilov & Hutter 2017, eq. 5), then constant:
 *
 *   initValue ((1 - alpha) (1/2 (1 + cos(pi c / decaySteps)))^exponent + alpha),   c = min(count, decaySteps)
 *
 * @throws RangeError when decaySteps <= 0 or exponent < 0
 * @see https://arxiv.org/abs/1608.03983
 */
export const cosineDecaySchedule = ({ initValue, decaySteps, alpha = 0, exponent = 1 }: CosineDecayOptions): Schedule => {
  const who = 'cosineDecaySchedule'
  expectFinite(who, 'initValue', initValue)
  expectFinite(who, 'alpha', alpha)
  expectNonNegative(who, 'exponent', exponent)
  expectOption(decaySteps > 0, `${who}: expected decaySteps > 0`, decaySteps)
  return count =>
    tidy(() => {
      const angle = div(mul(Math.PI, minimum(count, decaySteps)), decaySteps)
      const cosine = mul(0.5, add(1, cos(angle)))
      return mul(initValue, add(mul(1 - alpha, exponent === 1 ? cosine : pow(cosine, exponent)), alpha))
    })
}
