import { foldIn, key, matrix, permutation, selectRows } from 'diffeo'
import type { Matrix } from 'diffeo'
import type { Loaded } from './dataset.ts'

/** The rows that are trained on and tested in a fold of a cross-validation; a seed shuffles the rows anew. */
export const foldOf = (
  rows: Matrix,
  { seed, fold, folds }: { readonly seed: number; readonly fold: number; readonly folds: number },
): { readonly train: Matrix; readonly test: Matrix } => {
  const order = permutation(foldIn(key(seed), 41), rows.rows)
  const [from, to] = [fold, fold + 1].map(part => Math.floor((part * rows.rows) / folds)) as [number, number]
  return { train: selectRows(rows, [...order.subarray(0, from), ...order.subarray(to)]), test: selectRows(rows, order.subarray(from, to)) }
}

/** Mean and deviation of each column. */
export const momentsOf = ({ rows, columns, values }: Matrix): { readonly mean: Float64Array; readonly deviation: Float64Array } => {
  const mean = new Float64Array(columns)
  values.forEach((x, at) => (mean[at % columns]! += x / rows))
  const variance = new Float64Array(columns)
  values.forEach((x, at) => (variance[at % columns]! += (x - mean[at % columns]!) ** 2 / rows))
  return { mean, deviation: variance.map(Math.sqrt) }
}

/** (x - mean) / deviation of each column. */
export const standardizedBy = (of: Matrix, { mean, deviation }: ReturnType<typeof momentsOf>): Matrix =>
  matrix(
    of.rows,
    of.columns,
    Float64Array.from(of.values, (x, at) => (x - mean[at % of.columns]!) / deviation[at % of.columns]!),
  )

/** The protocol of the RNADE papers: ten folds, each column standardized by the mean and deviation of the nine that are trained on. */
export const crossValidated =
  (columns: ReadonlyArray<string>, rows: Matrix, folds: number): Loaded =>
  ({ seed, fold }) => {
    const { train, test } = foldOf(rows, { seed, fold, folds })
    const moments = momentsOf(train)
    return { columns, train: standardizedBy(train, moments), test: standardizedBy(test, moments) }
  }

/** Some columns of a matrix. */
export const columnsOf = (of: Matrix, columns: ReadonlyArray<number>): Matrix => {
  const values = new Float64Array(of.rows * columns.length)
  for (let i = 0; i < of.rows; i++) columns.forEach((column, j) => (values[i * columns.length + j] = of.values[i * of.columns + column]!))
  return matrix(of.rows, columns.length, values)
}

/** The rows of two matrices, one after the other. */
export const joinRows = (first: Matrix, then: Matrix): Matrix => {
  const values = new Float64Array(first.values.length + then.values.length)
  values.set(first.values)
  values.set(then.values, first.values.length)
  return matrix(first.rows + then.rows, first.columns, values)
}
