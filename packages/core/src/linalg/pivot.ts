import { abs, argMax, cast, equal, greater, neg, range, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** 1 at the largest number in size of a column [n] in a row that has not been used, else 0; `used` [n] is 1 for rows that have. */
export const isPivotRow = (column: Tensor, used: Tensor): Tensor => {
  const size = where(greater(used, 0.5), neg(used), abs(column))
  return cast(equal(range(0, column.size, 1, 'int32'), argMax(size)), 'float32')
}
