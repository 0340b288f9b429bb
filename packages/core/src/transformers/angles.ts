import { div, floor, mul, add, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { clipped } from './scalar-functions.ts'

/** pi, in float32. */
export const pi32: number = Math.fround(Math.PI)

/** The angle within [-pi, pi] that is the same on the circle. */
export const wrapped = (x: Tensor): Tensor => clipped(sub(x, mul(2 * Math.PI, floor(div(add(x, Math.PI), 2 * Math.PI)))), -pi32, pi32)
