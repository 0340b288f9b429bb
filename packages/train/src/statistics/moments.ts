import { type Matrix, matrix } from '../matrix.ts'

/** Means [D] and the maximum-likelihood covariance [D, D] (divided by the number of rows), in two passes. */
export const moments = (m: Matrix): { readonly mean: Float64Array; readonly covariance: Float64Array } => {
  const { rows, columns, values } = m
  const mean = new Float64Array(columns)
  const covariance = new Float64Array(columns * columns)
  const d = new Float64Array(columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) mean[j]! += values[i * columns + j]! / rows
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) d[j] = values[i * columns + j]! - mean[j]!
    for (let j = 0; j < columns; j++) for (let k = 0; k <= j; k++) covariance[j * columns + k]! += (d[j]! * d[k]!) / rows
  }
  for (let j = 0; j < columns; j++) for (let k = 0; k < j; k++) covariance[k * columns + j] = covariance[j * columns + k]!
  return { mean, covariance }
}

/** Shift and scale of each column: its mean and standard deviation (1 where that is 0). */
export interface ColumnScale {
  readonly shift: Float64Array
  readonly scale: Float64Array
}

/** The mean and standard deviation of each column. */
export const columnScale = (m: Matrix): ColumnScale => {
  const shift = new Float64Array(m.columns)
  const squares = new Float64Array(m.columns)
  for (let i = 0; i < m.rows; i++) for (let j = 0; j < m.columns; j++) shift[j]! += m.values[i * m.columns + j]! / m.rows
  for (let i = 0; i < m.rows; i++)
    for (let j = 0; j < m.columns; j++) squares[j]! += (m.values[i * m.columns + j]! - shift[j]!) ** 2 / m.rows
  return { shift, scale: squares.map(s => Math.sqrt(s) || 1) }
}

/** (rows - shift) / scale, float64. */
export const standardize = (m: Matrix, { shift, scale }: ColumnScale): Matrix => {
  const values = new Float64Array(m.values.length)
  for (let i = 0; i < m.rows; i++)
    for (let j = 0; j < m.columns; j++) values[i * m.columns + j] = (m.values[i * m.columns + j]! - shift[j]!) / scale[j]!
  return matrix(m.rows, m.columns, values)
}
