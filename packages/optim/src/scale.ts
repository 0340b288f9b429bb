import { mul, scalar } from '@tensorflow/tfjs-core'
import type { EmptyState, GradientTransformation } from './contracts.ts'
import { expectFinite } from './expect-option.ts'
import { leafwise } from './leafwise.ts'
import { stateless } from './stateless.ts'

/**
 * Multiplies the gradients by a constant.
 *
 * @throws RangeError when stepSize is not finite
 */
export const scale = (stepSize: number): GradientTransformation<EmptyState> => {
  expectFinite('scale', 'stepSize', stepSize)
  return stateless(grads => {
    const factor = scalar(stepSize)
    return leafwise('scale', { grads }, ({ grads: g }) => mul(factor, g))
  })
}
