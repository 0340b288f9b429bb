import { add, div, greater, matMul, maximum, mul, onesLike, reshape, sqrt, square, sub, sum, transpose, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { tidy } from '../tensor.ts'
import { inverseAndLogDet } from './inverse.ts'
import { identityMatrix, solveTriangular, strictTriangle } from './triangular.ts'

/** The skew-symmetric matrix L - L' of the entries of `matrix` below its diagonal. */
export const skew = (matrix: Tensor): Tensor => {
  const lower = strictTriangle(matrix)
  return sub(lower, transpose(lower))
}

/** One step of Newton and Schulz: an almost orthogonal matrix becomes one to rounding. */
const polished = (q: Tensor): Tensor => sub(mul(1.5, q), mul(0.5, matMul(q, matMul(q, q, true))))

const degree = 12

/**
 * exp(S) of a skew-symmetric S, a rotation: Taylor's polynomial of degree 12 of S / 2^k, squared k times. Every rotation is the exponential of an S
 * of Frobenius norm at most pi sqrt(D); one longer than four times that is shortened, so that k follows from D.
 */
export const rotationOf = (s: Tensor): Tensor =>
  tidy(() => {
    const dim = s.shape[0]!
    const longest = 4 * Math.PI * Math.sqrt(dim)
    const squarings = Math.max(0, Math.ceil(Math.log2(longest)))
    const length = sqrt(maximum(sum(square(s)), longest ** 2))
    const small = mul(s, div(longest / 2 ** squarings, length))
    const unit = identityMatrix(dim)
    const orders = Array.from({ length: degree }, (_, i) => degree - i)
    const taylor = orders.reduce<Tensor>((p, k) => add(unit, div(matMul(small, p), k)), unit)
    return polished(Array.from({ length: squarings }).reduce<Tensor>(q => matMul(q, q), taylor))
  })

/** Cayley's transform (I - S)(I + S)^-1 of a skew-symmetric S: every rotation without an eigenvalue of -1. */
export const cayleyOf = (s: Tensor): Tensor =>
  tidy(() => {
    const unit = identityMatrix(s.shape[0]!)
    return polished(matMul(sub(unit, s), inverseAndLogDet(add(unit, s)).inverse))
  })

/** Shorter vectors count as none. */
const shortest = 1e-15

/**
 * The product H_1 H_2 ... H_K of reflections H_k = I - 2 v_k v_k' / |v_k|^2, as I - V S^-1 V' with S = diag(V'V) / 2 + the part of V'V above its
 * diagonal. A reflection along no vector is none.
 *
 * @param vectors [K, D]
 */
export const reflectionsOf = (vectors: Tensor): Tensor =>
  tidy(() => {
    const [count, dim] = [vectors.shape[0]!, vectors.shape[1]!]
    const squares = sum(square(vectors), 1)
    const isSome = greater(squares, shortest ** 2)
    const lengths = sqrt(where(isSome, squares, onesLike(squares)))
    const units = div(vectors, reshape(lengths, [count, 1]))
    const transposed = add(strictTriangle(matMul(units, units, false, true)), mul(0.5, identityMatrix(count)))
    return sub(identityMatrix(dim), matMul(solveTriangular(transposed, transpose(units)), units))
  })
