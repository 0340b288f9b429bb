import { div, maximum, mul, reshape, slice, sqrt, stack, sub, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { joined, tidy } from '../tensor.ts'

/** A pivot below this counts as this: a matrix that is not positive definite has finite numbers, of no meaning. */
const leastPivot = 1e-35

interface Factor {
  readonly columns: ReadonlyArray<Tensor>
  readonly pivots: ReadonlyArray<Tensor>
}

const factor = (a: Tensor): Factor => {
  const [n, size] = a.shape as [number, number, number]
  const columns: Tensor[] = []
  const pivots: Tensor[] = []
  let rest = a
  for (let j = 0; j < size; j++) {
    const column = reshape(slice(rest, [0, 0, j], [n, size, 1]), [n, size])
    const pivot = slice(column, [0, j], [n, 1])
    const below = tensor(
      Array.from({ length: size }, (_, i) => (i >= j ? 1 : 0)),
      [1, size],
    )
    const next = mul(div(column, sqrt(maximum(pivot, leastPivot))), below)
    pivots.push(pivot)
    columns.push(next)
    if (j < size - 1) rest = sub(rest, mul(reshape(next, [n, size, 1]), reshape(next, [n, 1, size])))
  }
  return { columns, pivots }
}

/** The lower triangular L with a = L L', of positive-definite matrices a [N, D, D]: D steps, each over the whole batch. */
export const cholesky = (a: Tensor): Tensor => tidy(() => stack([...factor(a).columns], 2))

/** The pivots of the factorization, [N, D]: all above 0 for a positive-definite matrix, not all for another. */
export const pivotsOf = (a: Tensor): Tensor => tidy(() => joined(factor(a).pivots, 1))
