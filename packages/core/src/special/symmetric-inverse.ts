import { add, matMul, mul, neg, transpose } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'

/**
 * The inverse [D, D] of a symmetric positive definite matrix and the logarithm of its determinant, a scalar: by Cholesky's factor in float64, on the
 * host. A matrix that is not positive definite gives NaN. Differentiable to any order.
 */
export const symmetricInverse = (matrix: Tensor): { readonly inverse: Tensor; readonly logDet: Tensor } => {
  const [inverse, logDet] = symmetricInverseOp([matrix], null)
  return { inverse: inverse!, logDet: logDet! }
}

const symmetricInverseOp: OpFunction<Json> = defineOp<Json>({
  name: 'symmetricInverse',
  host: ([matrix], _, [type]) => {
    const dim = type!.shape[0]!
    const factor = choleskyOf(matrix!, dim)
    const half = lowerInverse(factor, dim)
    const at = (i: number, j: number): number => {
      let sum = 0
      for (let k = Math.max(i, j); k < dim; k++) sum += half[k * dim + i]! * half[k * dim + j]!
      return sum
    }
    const logDet = 2 * Array.from({ length: dim }, (_, i) => Math.log(factor[i * dim + i]!)).reduce((a, b) => a + b, 0)
    return [Float32Array.from({ length: dim * dim }, (_, k) => at(Math.floor(k / dim), k % dim)), Float32Array.of(logDet)]
  },
  shape: ([type]) => [
    { shape: type!.shape, dtype: 'float32' },
    { shape: [], dtype: 'float32' },
  ],
  // d A^-1 = -A^-1 dA A^-1, d log det A = tr(A^-1 dA)
  vjp: ([dInverse, dLogDet], [matrix]) => {
    const inverse = symmetricInverseOp([matrix!], null)[0]!
    const half = mul(0.5, add(dInverse!, transpose(dInverse!)))
    return [add(neg(matMul(matMul(inverse, half), inverse)), mul(dLogDet!, inverse))]
  },
})

const choleskyOf = (matrix: ArrayLike<number>, dim: number): Float64Array => {
  const factor = new Float64Array(dim * dim)
  for (let i = 0; i < dim; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * dim + j]!
      for (let k = 0; k < j; k++) rest -= factor[i * dim + k]! * factor[j * dim + k]!
      factor[i * dim + j] = i === j ? Math.sqrt(rest) : rest / factor[j * dim + j]!
    }
  return factor
}

const lowerInverse = (factor: Float64Array, dim: number): Float64Array => {
  const inverse = new Float64Array(dim * dim)
  for (let j = 0; j < dim; j++)
    for (let i = j; i < dim; i++) {
      let rest = i === j ? 1 : 0
      for (let k = j; k < i; k++) rest -= factor[i * dim + k]! * inverse[k * dim + j]!
      inverse[i * dim + j] = rest / factor[i * dim + i]!
    }
  return inverse
}
