import { valueAndGrad } from '@diffeo/core'
import type { Space } from '@diffeo/core'
import { slice, sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { Matrix, determinant, inverse } from 'ml-matrix'
import { chartAt } from './charts.ts'
import type { Chart } from './charts.ts'
import { flat, rowsOf } from './draws.ts'
import { executed } from './execution.ts'

/**
 * The Jacobians of a batch, one matrix [outputs, inputs] for each row of x, in float64 from float32 autodiff. Rows of a batch do not
 * mix, so the gradient of a column's sum holds that output's row for the whole batch.
 */
export const jacobians = (f: (x: Tensor) => Tensor, x: Tensor): ReadonlyArray<Matrix> => {
  const outputs = flat(f(x)).shape[1]!
  const column = (from: Tensor, j: number): Tensor => valueAndGrad((at: Tensor) => sum(slice(flat(f(at)), [0, j], [-1, 1])))(from).grads
  return matricesOf(executed((at: Tensor) => Array.from({ length: outputs }, (_, j) => column(at, j)), x))
}

/** The matrices of a batch whose rows j are the gradients of output j. */
export const matricesOf = (gradients: ReadonlyArray<Tensor>): ReadonlyArray<Matrix> => {
  const rows = gradients.map(rowsOf)
  return Array.from({ length: gradients[0]!.shape[0]! }, (_, row) => new Matrix(rows.map(gradient => [...gradient[row]!])))
}

/** The Jacobian of a map between two spaces in the coordinates of their measures, and the charts of both at its ends. */
export interface ChartedJacobian {
  readonly inner: Matrix
  readonly from: Chart
  readonly to: Chart
}

/** The Jacobians of a batch in the coordinates in which the measures of the two spaces are taken. */
export const chartedJacobians = (
  f: (x: Tensor) => Tensor,
  x: Tensor,
  [fromSpace, toSpace]: readonly [Space, Space],
): ReadonlyArray<ChartedJacobian> => {
  const [xs, ys] = [rowsOf(x), rowsOf(f(x))]
  return jacobians(f, x).map((j, row) => {
    const [from, to] = [chartAt(fromSpace, xs[row]!), chartAt(toSpace, ys[row]!)]
    return { inner: to.coordinates.mmul(j).mmul(from.tangents), from, to }
  })
}

/** log |det J| in float64. */
export const logAbsDet = (j: Matrix): number => Math.log(Math.abs(determinant(j)))

export const inverted = (j: Matrix): Matrix => inverse(j)

/** sum_ij |J_ij| |J^-1_ji|: how much a relative error of every entry of J moves its log-determinant. */
export const determinantCondition = (j: Matrix, inverseOf: Matrix = inverted(j)): number =>
  j.to2DArray().reduce((sum, row, i) => sum + row.reduce((s, v, k) => s + Math.abs(v * inverseOf.get(k, i)), 0), 0)
