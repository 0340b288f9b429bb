import { add, div, less, log, mul, onesLike, square, sub, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'

/** Arguments below this are moved up by it: the asymptotic series then start at 4, where four terms are exact in float32. */
const shift = 4

/**
 * log Gamma(x) for x > 0: Stirling's series at x, or at x + 4 with log Gamma(x) = log Gamma(x + 4) - log x(x+1)(x+2)(x+3).
 *
 * Within 2e-6 (1 + |value|) for x from 1e-30 to 1e30; NaN below 0. Its derivative is `digamma`.
 *
 * @see https://dlmf.nist.gov/5.11#E1
 */
export const logGamma = (x: Tensor): Tensor => logGammaOp([x], null)[0]!

/**
 * The derivative of log Gamma(x), for x > 0, in the same way; within 2e-6 (1 + |value|).
 *
 * @see https://dlmf.nist.gov/5.11#E2
 */
export const digamma = (x: Tensor): Tensor => {
  const { isSmall, low, z } = shifted(x)
  const w = div(1, square(z))
  const series = mul(w, add(-1 / 12, mul(w, add(1 / 120, mul(w, add(-1 / 252, mul(w, 1 / 240)))))))
  const above = add(sub(log(z), div(0.5, z)), series)
  const below = [0, 1, 2, 3].map(i => div(1, add(low, i))).reduce((a, b) => add(a, b))
  return sub(above, where(isSmall, below, zerosLike(below)))
}

const logGammaOf = (x: Tensor): Tensor => {
  const { isSmall, low, z } = shifted(x)
  const w = div(1, square(z))
  const series = div(add(1 / 12, mul(w, add(-1 / 360, mul(w, add(1 / 1260, mul(w, -1 / 1680)))))), z)
  const stirling = add(sub(mul(sub(z, 0.5), log(z)), z), add(0.5 * Math.log(2 * Math.PI), series))
  // x is multiplied last: the product of the others is at least 6, so that what is smallest stays as exact as it is
  const product = mul(mul(mul(add(low, 1), add(low, 2)), add(low, 3)), low)
  return sub(stirling, log(where(isSmall, product, onesLike(product))))
}

const logGammaOp = defineOp({
  name: 'logGamma',
  composite: ([x], _: Json) => [logGammaOf(x!)],
  vjp: ([dy], [x]) => [mul(dy!, digamma(x!))],
})

/** z is x where that is at least 4, else x + 4; `low` is x where it is small, 1 elsewhere: no branch overflows. */
const shifted = (x: Tensor): { readonly isSmall: Tensor; readonly low: Tensor; readonly z: Tensor } => {
  const isSmall = less(x, shift)
  return { isSmall, low: where(isSmall, x, onesLike(x)), z: where(isSmall, add(x, shift), x) }
}
