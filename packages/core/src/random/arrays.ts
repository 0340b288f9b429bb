import { erfInv } from './erf-inv.ts'
import { bits, expectDraw, split, type Key } from './key.ts'

/** Bounds of a uniform draw on [low, high): 0 and 1 unless said. Both are rounded to float32. */
export interface Bounds {
  readonly low?: number
  readonly high?: number
}

/**
 * `count` uniform numbers of [low, high), float32: the top 23 bits b of each word as low + 2^-23 b (high - low)
 * (`jax.random.uniform`, bit for bit as on its CPU, which rounds this once, as a fused multiply-add).
 *
 * Where float32 is coarse, as on [1e6, 1e6 + 1), `high` itself can come out, as in JAX.
 *
 * @throws RangeError when `low` or `high` is not finite in float32, or `low` is above `high`, or `count` is no count
 * @throws TypeError when `source` is no key
 */
export const uniformArray = (source: Key, count: number, { low = 0, high = 1 }: Bounds = {}): Float32Array => {
  expectDraw('uniform', source, count)
  const { from, width } = checkBounds(low, high)
  const words = bits(source, count)
  const scale = width * 2 ** -23
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = Math.max(from, (words[i]! >>> 9) * scale + from)
  return values
}

/**
 * The lower bound of a uniform draw and its width, in float32.
 *
 * @throws RangeError when they are not finite, or `low` is above `high`
 */
export const checkBounds = (low: number, high: number): { readonly from: number; readonly width: number } => {
  const [from, width] = [Math.fround(low), Math.fround(Math.fround(high) - Math.fround(low))]
  if (!Number.isFinite(from) || !Number.isFinite(width) || low > high)
    throw new RangeError(`uniform: expected finite float32 bounds low <= high, got ${low} and ${high}`)
  return { from, width }
}

/** The float32 after -1: the lower end of the uniform numbers that `normalArray` maps. */
const afterMinusOne = -1 + 2 ** -24

/**
 * `count` standard normal numbers, float32: sqrt(2) erfinv(u), u uniform on (-1, 1) (`jax.random.normal`, within 1e-6).
 * |z| stays below 5.42, the largest that 23 bits give.
 *
 * @throws RangeError when `count` is no count
 * @throws TypeError when `source` is no key
 */
export const normalArray = (source: Key, count: number): Float32Array => {
  expectDraw('normal', source, count)
  const u = uniformArray(source, count, { low: afterMinusOne, high: 1 })
  for (let i = 0; i < count; i++) u[i] = Math.fround(Math.SQRT2) * erfInv(u[i]!)
  return u
}

/**
 * `count` integers of [low, high), from 64 random bits each modulo the number of values (`jax.random.randint`, bit for bit).
 *
 * As in JAX, a range of more than 2^16 values that is no power of two uses 32 bits only, and its values then
 * differ in probability by up to (high - low) / 2^32 of it.
 *
 * @param low   an integer >= -2^31
 * @param high  an integer <= 2^31, above `low`
 * @throws RangeError when a bound is out of range or `count` is no count
 * @throws TypeError when `source` is no key
 */
export const randintArray = (source: Key, count: number, low: number, high: number): Int32Array => {
  expectDraw('randint', source, count)
  checkRange(low, high)
  const [upperKey, lowerKey] = split(source)
  const upper = bits(upperKey!, count)
  const lower = bits(lowerKey!, count)
  const span = high - low
  const root = 2 ** 16 % span
  // JAX computes 2^32 mod span in uint32, where the square of 2^16 wraps to 0 for every span above 2^16
  const multiplier = (Math.imul(root, root) >>> 0) % span
  const values = new Int32Array(count)
  for (let i = 0; i < count; i++) values[i] = low + (((Math.imul(upper[i]! % span, multiplier) + (lower[i]! % span)) >>> 0) % span)
  return values
}

/**
 * Checks the bounds of a draw of integers.
 *
 * @throws RangeError when they are not
 */
export const checkRange = (low: number, high: number): void => {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < -(2 ** 31) || high > 2 ** 31 || low >= high)
    throw new RangeError(`randint: expected integers low < high in [-2^31, 2^31], got ${low} and ${high}`)
}
