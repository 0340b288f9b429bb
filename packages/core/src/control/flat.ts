import type { Tensor } from '@tensorflow/tfjs-core'
import { entries, firstDifference, leaves, showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'

/** The leaves of what a step of a loop gives, which must be of the structure, shapes and dtypes of what it is given. */
export const carriedLeaves = (name: string, carry: Tree<Tensor>, next: Tree<Tensor>): ReadonlyArray<Tensor> => {
  const difference = firstDifference(carry, next)
  if (difference !== undefined)
    throw new TypeError(`${name}: expected ${difference.a} in the carry of a step, got ${difference.b} at ${showPath(difference.path)}`)
  const given = leaves(carry)
  return entries(next).map(([path, leaf], i) => {
    const [expected, got] = [shown(given[i]!), shown(leaf)]
    if (expected !== got) throw new RangeError(`${name}: expected a carry of ${expected} of a step, got ${got} at ${showPath(path)}`)
    return leaf
  })
}

const shown = (x: Tensor): string => `${x.dtype}[${x.shape.join(', ')}]`
