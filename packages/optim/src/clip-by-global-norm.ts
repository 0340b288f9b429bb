import { handle } from '@diffeo/core'
import { div, less, mul, scalar, where } from '@tensorflow/tfjs-core'
import type { EmptyState, GradientTransformation } from './contracts.ts'
import { expectOption } from './expect-option.ts'
import { scaledNorm } from './global-norm.ts'
import { leafwise } from './leafwise.ts'
import { stateless } from './stateless.ts'

/**
 * Scales the gradients down to the norm maxNorm where theirs is larger (Pascanu et al. 2013): g / norm * maxNorm.
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
    const bound = scalar(maxNorm)
    return leafwise('clipByGlobalNorm', { grads }, ({ grads: g }) =>
      g.size === 0 ? handle(g) : where(within, g, mul(div(div(g, largest), root), bound)),
    )
  })
}
