import { fill } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { EmptyState, GradientTransformation } from './contracts.ts'
import { leafwise } from './leafwise.ts'
import { stateless } from './stateless.ts'

/** Replaces the gradients by zeros: what is added to the parameters changes no bit of them. */
export const setToZero = (): GradientTransformation<EmptyState> =>
  stateless(grads => leafwise('setToZero', { grads }, ({ grads: g }) => zeroUpdate(g)))

/** Zeros of the shape of `x` that leave every float as it is when added: -0, since -0 + 0 would be +0. */
export const zeroUpdate = (x: Tensor): Tensor => fill([...x.shape], -0, 'float32')
