import { abs, add, matMul, max, mul, neg, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A number as a sum of two float32 numbers: what `high` has lost is `low`. */
export interface TwoFloats {
  readonly high: Tensor
  readonly low: Tensor
}

/** a + b, exactly (Knuth). */
export const twoSum = (a: Tensor, b: Tensor): TwoFloats => {
  const high = add(a, b)
  const own = sub(high, a)
  return { high, low: add(sub(a, sub(high, own)), sub(b, own)) }
}

/** 2^12 + 1: halves of a float32 number have twelve digits each, and their products are float32 numbers. */
const splitter = 4097

const halves = (x: Tensor): TwoFloats => {
  const large = mul(splitter, x)
  const high = sub(large, sub(large, x))
  return { high, low: sub(x, high) }
}

/** a b, exactly (Dekker 1971), for numbers whose four-thousandfold is a float32 number. */
export const twoProduct = (a: Tensor, b: Tensor): TwoFloats => {
  const high = mul(a, b)
  const [p, q] = [halves(a), halves(b)]
  const low = add(add(add(sub(mul(p.high, q.high), high), mul(p.high, q.low)), mul(p.low, q.high)), mul(p.low, q.low))
  return { high, low }
}

/** The sum of all, exactly but for what is lost of the low parts. */
export const sumOf = (first: TwoFloats, ...others: ReadonlyArray<TwoFloats>): TwoFloats =>
  others.reduce((sum, next) => {
    const { high, low } = twoSum(sum.high, next.high)
    return { high, low: add(low, add(sum.low, next.low)) }
  }, first)

export const negated = ({ high, low }: TwoFloats): TwoFloats => ({ high: neg(high), low: neg(low) })

/** x to so many binary digits of the largest along an axis. */
const leading = (x: Tensor, digits: number, axis: number): Tensor => {
  const far = mul(2 ** (24 - digits), max(abs(x), axis, true))
  return sub(add(x, far), far)
}

/**
 * x w, x [N, K], to about two hundred times fewer roundings than float32 has (Ozaki et al. 2012): the products of the leading digits are so short that their
 * sums are float32 numbers, and what is left of both is small.
 */
export const twoMatMul = ({ high, low }: TwoFloats, w: Tensor): TwoFloats => {
  // a digit of each is kept back, as the largest number need not be a power of 2
  const digits = Math.floor((24 - Math.ceil(Math.log2(w.shape[0]!))) / 2) - 1
  const [x1, w1] = [leading(high, digits, 1), leading(w, digits, 0)]
  const rest = add(matMul(x1, sub(w, w1)), matMul(add(sub(high, x1), low), w))
  return twoSum(matMul(x1, w1), rest)
}
