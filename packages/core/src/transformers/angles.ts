import { add, cos, div, floor, mul, sin, sqrt, square, sub } from '@tensorflow/tfjs-core'
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

/** The point of the unit circle at an angle: its cosine and its sine. A graphics card's may be off by a ten-thousandth, their length is not. */
export const onCircle = (angle: Tensor): readonly [Tensor, Tensor] => {
  const [c, s] = [cos(angle), sin(angle)]
  const length = sqrt(add(square(c), square(s)))
  return [div(c, length), div(s, length)]
}
