import { div, fill, less, mul, where } from '@tensorflow/tfjs-core'
import type { EmptyState, GradientTransformation } from './contracts.ts'
import { expectOption } from './expect-option.ts'
import { scaledNorm } from './global-norm.ts'
import { leafwise } from './leafwise.ts'
import { stateless } from './stateless.ts'

/**
 * Scales the gradients down to the norm maxNorm where theirs is larger (Pascanu et al. 2013): g maxNorm / norm.
 *
 * The norm is taken relative to the largest value, so that finite gradients of any size come out with the norm maxNorm; a
 * NaN makes all of them NaN.
 *
 * @throws RangeError when maxNorm <= 0
 */
export const clipByGlobalNorm = (maxNorm: number): GradientTransformation<EmptyState> => {
  expectOption(maxNorm > 0, 'clipByGlobalNorm: expected maxNorm > 0', maxNorm)
  return stateless(grads => {
    const { largest, root } = scaledNorm(grads)
    const within = less(mul(largest, root), maxNorm)
    // divided and multiplied by one where they are small enough, gradients stay the same bit for bit
    const one = fill([], 1)
    const [divisor, factor] = [where(within, one, largest), where(within, one, div(maxNorm, root))]
    return leafwise('clipByGlobalNorm', { grads }, ({ grads: g }) => mul(div(g, divisor), factor))
  })
}
