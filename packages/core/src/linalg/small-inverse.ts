import { abs, concat, div, log, mul, reshape, slice, sub, sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { batchInverse } from './batch-inverse.ts'

/** Row i of matrices [N, D, D], [N, D]. */
const row = (a: Tensor, i: number): Tensor => reshape(slice(a, [0, i, 0], [-1, 1, -1]), [a.shape[0]!, a.shape[2]!])

const entry = (x: Tensor, i: number): Tensor => slice(x, [0, i], [-1, 1])

const cross = (x: Tensor, y: Tensor): Tensor => {
  const part = (i: number, j: number): Tensor => sub(mul(entry(x, i), entry(y, j)), mul(entry(x, j), entry(y, i)))
  return concat([part(1, 2), part(2, 0), part(0, 1)], 1)
}

/** The columns of the adjugate, each [N, D], and the determinants [N, 1], of matrices of two or three rows. */
const adjugateOf = (a: Tensor): { readonly columns: ReadonlyArray<Tensor>; readonly det: Tensor } => {
  const [p, q] = [row(a, 0), row(a, 1)]
  if (a.shape[1] === 2) {
    const [a00, a01, a10, a11] = [entry(p, 0), entry(p, 1), entry(q, 0), entry(q, 1)]
    return {
      columns: [concat([a11, mul(-1, a10)], 1), concat([mul(-1, a01), a00], 1)],
      det: sub(mul(a00, a11), mul(a01, a10)),
    }
  }
  const r = row(a, 2)
  const first = cross(q, r)
  return { columns: [first, cross(r, p), cross(p, q)], det: sum(mul(p, first), 1, true) }
}

const isClosed = (a: Tensor): boolean => a.shape[1] === 2 || a.shape[1] === 3

/** The inverses of well-conditioned matrices [N, D, D]: in closed form for D of 2 and 3, which stays within a compiled program. */
export const smallInverse = (a: Tensor): Tensor => {
  if (!isClosed(a)) return batchInverse(a).inverse
  const { columns, det } = adjugateOf(a)
  return concat(
    columns.map(column => reshape(div(column, det), [a.shape[0]!, a.shape[1]!, 1])),
    2,
  )
}

/** log |det| [N] of well-conditioned matrices [N, D, D], as `smallInverse` has it. */
export const smallLogDet = (a: Tensor): Tensor =>
  isClosed(a) ? reshape(log(abs(adjugateOf(a).det)), [a.shape[0]!]) : batchInverse(a).logAbsDet
