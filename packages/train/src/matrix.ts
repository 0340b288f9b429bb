/** Rows of numbers, row-major: the host-side form of a table, in float64 or float32. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float64Array | Float32Array
}

/**
 * A float64 matrix over `values`, or of zeros.
 *
 * @throws RangeError when the values are not rows x columns numbers
 */
export const matrix = (rows: number, columns: number, values: Float64Array | Float32Array = new Float64Array(rows * columns)): Matrix => {
  if (values.length !== rows * columns)
    throw new RangeError(`matrix: expected ${rows} x ${columns} = ${rows * columns} values, got ${values.length}`)
  return { rows, columns, values }
}

/**
 * A float64 matrix of nested rows.
 *
 * @throws RangeError when the rows differ in length
 */
export const matrixOf = (rows: ReadonlyArray<ReadonlyArray<number>>): Matrix => {
  const columns = rows[0]?.length ?? 0
  const ragged = rows.findIndex(row => row.length !== columns)
  if (ragged >= 0) throw new RangeError(`matrixOf: expected ${columns} columns, got ${rows[ragged]!.length} at row ${ragged}`)
  return matrix(rows.length, columns, Float64Array.from(rows.flat()))
}

/** A view of row i: it shares the matrix's memory. */
export const rowOf = (m: Matrix, i: number): Float64Array | Float32Array => m.values.subarray(i * m.columns, (i + 1) * m.columns)

/** A float64 copy of column j. */
export const columnOf = (m: Matrix, j: number): Float64Array =>
  Float64Array.from({ length: m.rows }, (_, i) => m.values[i * m.columns + j]!)

/** A view of the first n rows. */
export const firstRows = (m: Matrix, n: number): Matrix => (n >= m.rows ? m : matrix(n, m.columns, m.values.subarray(0, n * m.columns)))

/** A float64 copy of the rows at `indices`, in that order; a row may come more than once. */
export const selectRows = (m: Matrix, indices: ArrayLike<number>): Matrix => {
  const values = new Float64Array(indices.length * m.columns)
  for (let i = 0; i < indices.length; i++) values.set(rowOf(m, indices[i]!), i * m.columns)
  return matrix(indices.length, m.columns, values)
}

/**
 * [left, right], side by side, float64; one row of `left` is broadcast over the rows of `right`.
 *
 * @throws RangeError when `left` has neither one row nor as many as `right`
 */
export const joinColumns = (left: Matrix, right: Matrix): Matrix => {
  if (left.rows !== right.rows && left.rows !== 1) throw new RangeError(`joinColumns: expected ${right.rows} rows or 1, got ${left.rows}`)
  const columns = left.columns + right.columns
  const values = new Float64Array(right.rows * columns)
  for (let i = 0; i < right.rows; i++) {
    values.set(rowOf(left, left.rows === 1 ? 0 : i), i * columns)
    values.set(rowOf(right, i), i * columns + left.columns)
  }
  return matrix(right.rows, columns, values)
}
