import { add, cumsum, exp, greaterEqual, minimum, slice, sum, where, zeros, ones } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Key } from '../random/key.ts'
import { uniform } from '../random/sample.ts'
import { logSoftmax } from '../special/log-sum-exp.ts'

/**
 * n indices of the last axis of logits [n or 1, ..., K], [n, ..., 1], each as often as its softmax says. No gradient goes through them.
 */
export const drawnIndices = (logits: Tensor, key: Key, n: number): Tensor => {
  const middle = logits.shape.slice(1, -1)
  const count = logits.shape.at(-1)!
  const u = uniform(key, [n, ...middle, 1])
  if (count === 1) return zeros([n, ...middle, 1])
  const rank = logits.rank
  const below = slice(
    cumsum(exp(logSoftmax(logits)), rank - 1),
    logits.shape.map(() => 0),
    [...logits.shape.slice(0, -1), count - 1],
  )
  const spread = [n, ...middle, count - 1]
  const [places, passed] = [add(below, zeros(spread)), add(u, zeros(spread))]
  return minimum(sum(where(greaterEqual(passed, places), ones(spread), zeros(spread)), -1, true), count - 1)
}
