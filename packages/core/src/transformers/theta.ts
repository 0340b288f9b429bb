import { reshape, slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** theta[..., at]: one parameter of every dimension, without the last axis. */
export const column = (theta: Tensor, at: number): Tensor => reshape(columns(theta, at, 1), theta.shape.slice(0, -1))

/** theta[..., from : from + count]. */
export const columns = (theta: Tensor, from: number, count: number): Tensor => {
  const lead = theta.shape.slice(0, -1)
  return slice(theta, [...lead.map(() => 0), from], [...lead, count])
}
