import { abs, add, div, log, matMul, mul, reshape, scalar, slice, sub, sum, transpose, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { scan } from '../control/scan.ts'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import { joined, tidy } from '../tensor.ts'
import { isPivotRow } from './pivot.ts'
import { identityMatrix } from './triangular.ts'

/** [matrix | identity] in the making: rows that have been a pivot row, and the logarithms of the pivots added up. */
type Elimination = { readonly table: Tensor; readonly used: Tensor; readonly logDet: Tensor }

/** One step of Gauss-Jordan elimination: the column `unit` becomes zero but for its largest unused row, which becomes one. */
const eliminated = ({ table, used, logDet }: Elimination, unit: Tensor): Elimination => {
  const dim = table.shape[0]!
  const column = matMul(table, reshape(joined([unit, zeros([dim])], 0), [2 * dim, 1]))
  const isPivot = isPivotRow(reshape(column, [dim]), used)
  const rowOf = reshape(isPivot, [1, dim])
  const pivot = sum(matMul(rowOf, column))
  const row = div(matMul(rowOf, table), pivot)
  const others = sub(1, isPivot)
  // the pivot row is replaced, not made by a difference: of a large pivot that would leave the digits of 1, and few of its reciprocal
  const factors = sub(mul(column, reshape(others, [dim, 1])), reshape(isPivot, [dim, 1]))
  return {
    table: sub(mul(table, reshape(others, [dim, 1])), matMul(factors, row)),
    used: add(used, isPivot),
    logDet: add(logDet, log(abs(pivot))),
  }
}

const inverseOp: OpFunction<Record<string, never>> = defineOp<Record<string, never>>({
  name: 'gaussJordan',
  composite: ([matrix]) => {
    const dim = matrix!.shape[0]!
    const unit = identityMatrix(dim)
    const start: Elimination = { table: joined([matrix!, unit], 1), used: zeros([dim]), logDet: scalar(0) }
    const { carry } = scan((state: Elimination, e: Tensor) => ({ carry: eliminated(state, e), y: [] }), start, unit)
    // the left half is a permutation: the pivot row of column k is row k of the inverse
    const [order, right] = [slice(carry.table, [0, 0], [dim, dim]), slice(carry.table, [0, dim], [dim, dim])]
    return [matMul(order, right, true), carry.logDet]
  },
  vjp: ([byInverse, byLogDet], [matrix]) => {
    const transposed = transpose(inverseOp([matrix!], {})[0]!)
    return [sub(mul(byLogDet!, transposed), matMul(matMul(transposed, byInverse!), transposed))]
  },
})

/**
 * The inverse of a square matrix and log |det|, by Gauss-Jordan elimination with partial pivoting, a scan of D steps.
 *
 * @param matrix [D, D]; a singular one gives values that are not finite
 */
export const inverseAndLogDet = (matrix: Tensor): { readonly inverse: Tensor; readonly logDet: Tensor } =>
  tidy(() => {
    const [inverse, logDet] = inverseOp([matrix], {})
    return { inverse: inverse!, logDet: logDet! }
  })
