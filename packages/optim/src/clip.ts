import { clipByValue } from '@tensorflow/tfjs-core'
import type { EmptyState, GradientTransformation } from './contracts.ts'
import { expectOption } from './expect-option.ts'
import { keepNaN } from './keep-nan.ts'
import { leafwise } from './leafwise.ts'
import { stateless } from './stateless.ts'

/**
 * Clips every gradient to [-maxDelta, maxDelta]; a NaN stays NaN.
 *
 * @throws RangeError when maxDelta <= 0
 */
export const clip = (maxDelta: number): GradientTransformation<EmptyState> => {
  expectOption(maxDelta > 0, 'clip: expected maxDelta > 0', maxDelta)
  return stateless(grads => leafwise('clip', { grads }, ({ grads: g }) => keepNaN(g, clipByValue(g, -maxDelta, maxDelta))))
}
