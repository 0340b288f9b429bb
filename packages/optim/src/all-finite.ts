import { leaves } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { all, isFinite as isFiniteTensor, logicalAnd, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Whether every value of a tree is finite: a bool scalar. */
export const allFinite = (tree: Params): Tensor =>
  leaves(tree)
    .filter(x => x.size > 0)
    .map(x => all(isFiniteTensor(x)))
    .reduce<Tensor>((a, b) => logicalAnd(a, b), scalar(true, 'bool'))
