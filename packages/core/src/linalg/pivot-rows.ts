import { abs, add, div, log, matMul, mul, reshape, scalar, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { scan } from '../control/scan.ts'
import { tidy } from '../tensor.ts'
import { isPivotRow } from './pivot.ts'
import { identityMatrix } from './triangular.ts'

/** What `pivotRows` returns. */
export interface PivotRows {
  /** B B_P^-1 [n, r], of which the rows P are 0. */
  readonly others: Tensor
  /** Column k is 1 at the k-th of the rows P, else 0: [n, r]. */
  readonly chosen: Tensor
  /** log |det B_P|. */
  readonly logDet: Tensor
}

type Elimination = { readonly table: Tensor; readonly chosen: Tensor; readonly used: Tensor; readonly logDet: Tensor }

/** Column operations that make the largest unused row of the column `unit` that unit. */
const eliminated = ({ table, chosen, used, logDet }: Elimination, unit: Tensor): Elimination => {
  const [n, r] = table.shape as [number, number]
  const across = reshape(unit, [1, r])
  const column = matMul(table, reshape(unit, [r, 1]))
  const isPivot = isPivotRow(reshape(column, [n]), used)
  const row = matMul(reshape(isPivot, [1, n]), table)
  const pivot = sum(mul(row, across))
  const rest = sub(1, across)
  return {
    table: sub(mul(table, rest), matMul(div(column, pivot), sub(mul(row, rest), across))),
    chosen: add(chosen, mul(reshape(isPivot, [n, 1]), across)),
    used: add(used, isPivot),
    logDet: add(logDet, log(abs(pivot))),
  }
}

/**
 * Of a tall matrix r rows P that the others are small multiples of, by Gaussian elimination of columns with the largest pivots: a scan of r steps. What is left of
 * a least-squares problem without its unknowns has a matrix of numbers near 1, however far the rows of B differ in size (Peters and Wilkinson 1970).
 *
 * @param matrix B [n, r] of rank r
 */
export const pivotRows = (matrix: Tensor): PivotRows =>
  tidy(() => {
    const [n, r] = matrix.shape as [number, number]
    const start: Elimination = { table: matrix, chosen: zeros([n, r]), used: zeros([n]), logDet: scalar(0) }
    const { carry } = scan((state: Elimination, e: Tensor) => ({ carry: eliminated(state, e), y: [] }), start, identityMatrix(r))
    return { others: mul(carry.table, reshape(sub(1, carry.used), [n, 1])), chosen: carry.chosen, logDet: carry.logDet }
  })
