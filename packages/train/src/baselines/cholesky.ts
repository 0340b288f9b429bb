import { CholeskyDecomposition, Matrix as Dense } from 'ml-matrix'

/** L with L L' = covariance + ridge diag(covariance), [D, D] row-major, zeros above the diagonal. */
export interface CholeskyFactor {
  readonly factor: Float64Array
  /** 0 unless the factorization failed without one. */
  readonly ridge: number
}

/**
 * The Cholesky factor of a covariance matrix. Where it is not numerically positive definite (a column that is a sum of others, a
 * constant one), its diagonal is multiplied by 1 + ridge with the least of 1e-12, 1e-11, ... 1 that makes it so; a zero on the
 * diagonal counts as 1.
 *
 * @throws RangeError when a value is not finite
 */
export const choleskyFactor = (covariance: Float64Array, dim: number): CholeskyFactor => {
  if (!covariance.every(Number.isFinite)) throw new RangeError('choleskyFactor: expected finite covariances, got NaN or an infinity')
  const ridges = [0, ...Array.from({ length: 13 }, (_, i) => 10 ** (i - 12))]
  for (const ridge of ridges) {
    const factor = tryFactor(covariance, dim, ridge)
    if (factor !== undefined) return { factor, ridge }
  }
  throw new RangeError('choleskyFactor: expected a covariance matrix, got one that no ridge makes positive definite')
}

const tryFactor = (covariance: Float64Array, dim: number, ridge: number): Float64Array | undefined => {
  const dense = Dense.from1DArray(dim, dim, covariance)
  if (ridge > 0) for (let i = 0; i < dim; i++) dense.set(i, i, (dense.get(i, i) || 1) * (1 + ridge))
  const decomposition = new CholeskyDecomposition(dense)
  if (!decomposition.isPositiveDefinite()) return undefined
  const factor = Float64Array.from(decomposition.lowerTriangularMatrix.to1DArray())
  // A pivot of rounding noise is no variance: sqrt(1e-14) of the column's own standard deviation is where it begins.
  for (let i = 0; i < dim; i++) if (!(factor[i * dim + i]! > 1e-7 * Math.sqrt(dense.get(i, i)))) return undefined
  return factor
}

/** The inverse of a lower triangular matrix [D, D] by forward substitution; lower triangular as well. */
export const invertLower = (factor: Float64Array, dim: number): Float64Array => {
  const inverse = new Float64Array(dim * dim)
  for (let j = 0; j < dim; j++)
    for (let i = j; i < dim; i++) {
      let sum = i === j ? 1 : 0
      for (let k = j; k < i; k++) sum -= factor[i * dim + k]! * inverse[k * dim + j]!
      inverse[i * dim + j] = sum / factor[i * dim + i]!
    }
  return inverse
}
