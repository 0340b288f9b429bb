import { reshape, slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { clipped } from './scalar-functions.ts'

/** theta[..., at]: one parameter of every dimension, without the last axis. */
export const column = (theta: Tensor, at: number): Tensor => reshape(columns(theta, at, 1), theta.shape.slice(0, -1))

/** theta[..., from : from + count]. */
export const columns = (theta: Tensor, from: number, count: number): Tensor => {
  const lead = theta.shape.slice(0, -1)
  return slice(theta, [...lead.map(() => 0), from], [...lead, count])
}

/** The largest shift: more would leave nothing of a float32 number beside it, and what a network makes of such numbers leaves float32 within a few layers. */
export const mostShift = 1e6

/** Shifts within +-`mostShift`, the same numbers there. */
export const boundedShift = (x: Tensor): Tensor => clipped(x, -mostShift, mostShift)
