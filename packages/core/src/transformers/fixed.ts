import type { Tensor } from '@tensorflow/tfjs-core'
import type { ScalarSupport, Transformer } from '../contracts.ts'
import type { TransformerSpec } from '../spec.ts'
import { limitsOf, real } from '../support.ts'
import { tidy } from '../tensor.ts'
import { clipped } from './scalar-functions.ts'

/** The two ways through a map without parameters, for values that lie inside of its domain and range. */
interface FixedMap {
  readonly domain?: ScalarSupport
  readonly range?: ScalarSupport
  /** The x between which y is a float32 number of the range; those of the domain unless given. */
  readonly xLimits?: readonly [number, number]
  /** The y between which x is a float32 number of the domain; those of the range unless given. */
  readonly yLimits?: readonly [number, number]
  forward(x: Tensor): { readonly y: Tensor; readonly logDeriv: Tensor }
  inverse(y: Tensor): { readonly x: Tensor; readonly logDeriv: Tensor }
}

/**
 * An elementwise map without parameters, theta [N, ...event, 0]. What goes in and what comes out is clipped to the float32 numbers inside of the
 * domain and the range, so that both ways are finite everywhere, and what comes out of one goes into the other.
 */
export const fixed = (spec: TransformerSpec, map: FixedMap): Transformer<Record<string, never>> => {
  const { domain = real, range = real } = map
  const [xInside, yInside] = [limitsOf(domain), limitsOf(range)]
  const [xLimits, yLimits] = [map.xLimits ?? xInside, map.yLimits ?? yInside]
  const within = (x: Tensor, [low, high]: readonly [number, number]): Tensor =>
    low === -Infinity && high === Infinity ? x : clipped(x, Math.max(low, -largest), Math.min(high, largest))
  return {
    spec,
    size: 0,
    domain,
    range,
    trainable: {},
    init: () => ({}),
    forward: (_, __, x) =>
      tidy(() => {
        const { y, logDeriv } = map.forward(within(x, xLimits))
        return { y: within(y, yInside), logDeriv }
      }),
    inverse: (_, __, y) =>
      tidy(() => {
        const { x, logDeriv } = map.inverse(within(y, yLimits))
        return { x: within(x, xInside), logDeriv }
      }),
  }
}

/** The largest float32 number. */
const largest = 3.4028234663852886e38

/** x between which e^x is a float32 number, neither subnormal nor infinite. */
export const exponents: readonly [number, number] = [-87, 88]
