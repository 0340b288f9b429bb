import { add, log, mul, square, sub, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { monotoneRoot } from '../control/monotone-root.ts'

/** log(1 + a sech^2 s), from a and tanh s; a > -1. */
export const logSlope = (a: Tensor, tanhS: Tensor): Tensor => log(add(1, mul(a, sub(1, square(tanhS)))))

type Unit = { readonly r: Tensor; readonly q: Tensor; readonly c: Tensor }

const value = (v: Tensor, { r, q, c }: Unit): { readonly y: Tensor; readonly logDeriv: Tensor } => {
  const h = tanh(add(mul(q, v), c))
  return { y: add(v, mul(r, h)), logDeriv: logSlope(mul(r, q), h) }
}

/**
 * The v with v + r tanh(q v + c) = k, number by number: increasing in v where r q > -1.
 *
 * @param unit r, q and c broadcast against k
 */
export const tanhRoot = (k: Tensor, unit: Unit): Tensor => monotoneRoot(value, k, unit)
