import { leaves, tidy, total } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { abs, div, fill, greater, less, logicalAnd, max, mul, sqrt, square, stack, sum, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/**
 * The Euclidean norm of all values of a tree, as one scalar: overflows only where the norm itself does.
 *
 *   m sqrt(sum (x / m)^2),   m = max |x|
 */
export const globalNorm = (tree: Params): Tensor =>
  tidy(() => {
    const { largest, root } = scaledNorm(tree)
    return mul(largest, root)
  })

/**
 * The norm as a product `largest` * `root` of scalars, which need not fit in a float32 itself. `largest` is 1 for a tree of
 * zeros, an empty one, and one with a value that is not finite, of which `root` then tells.
 */
export const scaledNorm = (tree: Params): { readonly largest: Tensor; readonly root: Tensor } => {
  const parts = leaves(tree).filter(x => x.size > 0)
  if (parts.length === 0) return { largest: fill([], 1), root: zeros([]) }
  const extreme = max(stack(parts.map(x => max(abs(x)))))
  const usable = logicalAnd(greater(extreme, 0), less(extreme, Infinity))
  const largest = where(usable, extreme, 1)
  return { largest, root: sqrt(sum(stack(parts.map(x => blockSum(square(div(x, largest))))))) }
}

/** The sum of all values, row by row where there are rows: accurate as `total`, and cheaper. */
const blockSum = (x: Tensor): Tensor => total(x.rank > 1 && x.shape.at(-1)! <= 1024 ? sum(x, -1) : x)
