import { add, div, floor, mul, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { clipped } from './scalar-functions.ts'

/** pi, in float32. */
export const pi32: number = Math.fround(Math.PI)

/** A whole turn in two parts: the first has so few digits that its multiples are float32 numbers, and what is left of x is exact (Cody and Waite 1980). */
const turn = { main: 6.28125, rest: 2 * Math.PI - 6.28125 }

/** The angle within [-pi, pi] that is the same on the circle. */
export const wrapped = (x: Tensor): Tensor => {
  const turns = floor(div(add(x, Math.PI), 2 * Math.PI))
  return clipped(sub(sub(x, mul(turns, turn.main)), mul(turns, turn.rest)), -pi32, pi32)
}

/** x turned by an angle of any size: whole turns go first, since they would take digits of x. */
export const turned = (x: Tensor, angle: Tensor): Tensor => wrapped(add(x, wrapped(angle)))

/** `turned` the other way. */
export const turnedBack = (x: Tensor, angle: Tensor): Tensor => wrapped(sub(x, wrapped(angle)))
