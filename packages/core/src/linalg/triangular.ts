import { add, div, matMul, mul, neg, slice, sub, tensor2d, transpose } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import { joined, tidy } from '../tensor.ts'

/** Zeros and ones [dim, dim], 1 where `keeps(row, column)`: a host constant. */
export const maskMatrix = (dim: number, keeps: (row: number, column: number) => boolean): Tensor =>
  tensor2d(
    Float32Array.from({ length: dim * dim }, (_, at) => (keeps(Math.floor(at / dim), at % dim) ? 1 : 0)),
    [dim, dim],
  )

/** The identity matrix [dim, dim]. */
export const identityMatrix = (dim: number): Tensor => maskMatrix(dim, (i, j) => i === j)

/** The entries of a square matrix below the diagonal (above it with `upper`), zeros elsewhere. */
export const strictTriangle = (matrix: Tensor, upper: boolean = false): Tensor =>
  mul(
    matrix,
    maskMatrix(matrix.shape[0]!, (i, j) => (upper ? i < j : i > j)),
  )

/** A diagonal matrix from its diagonal [dim]. */
export const diagonalMatrix = (diagonal: Tensor): Tensor => mul(diagonal, identityMatrix(diagonal.shape[0]!))

/** Diagonal blocks up to this size are inverted, the others are solved for one after another. */
const block = 16

/** The inverse of the diagonal blocks: where C are the entries between neighbours, [[A, 0], [C, B]]^-1 = X - X C X with X = diag(A, B)^-1. */
const inverseOfBlocks = (matrix: Tensor): Tensor => {
  const dim = matrix.shape[0]!
  const unit = identityMatrix(dim)
  // a zero off the diagonal is no pivot
  const pivots = add(mul(matrix, unit), sub(1, unit))
  const levels = Array.from({ length: Math.ceil(Math.log2(Math.min(block, dim))) }, (_, level) => 2 ** level)
  return levels.reduce<Tensor>(
    (inverse, size) => {
      const at = (i: number, times: number): number => Math.floor(i / (times * size))
      const between = mul(
        matrix,
        maskMatrix(dim, (i, j) => at(i, 2) === at(j, 2) && at(i, 1) !== at(j, 1)),
      )
      return sub(inverse, matMul(matMul(inverse, between), inverse))
    },
    div(unit, pivots),
  )
}

type Attributes = { readonly upper: boolean }

const solve: OpFunction<Attributes> = defineOp<Attributes>({
  name: 'triangularSolve',
  composite: ([given, rows], { upper }) => {
    const dim = given!.shape[0]!
    const matrix = mul(
      given!,
      maskMatrix(dim, (i, j) => (upper ? i <= j : i >= j)),
    )
    const inverses = inverseOfBlocks(matrix)
    const starts = Array.from({ length: Math.ceil(dim / block) }, (_, i) => i * block)
    const solved = (upper ? starts.toReversed() : starts).reduce<ReadonlyArray<Tensor>>((done, from) => {
      const size = Math.min(block, dim - from)
      const own = slice(matrix, [from, from], [size, size])
      const inverse = slice(inverses, [from, from], [size, size])
      const right = withoutKnown(matrix, slice(rows!, [0, from], [-1, size]), done, from, upper)
      const first = matMul(right, inverse, false, true)
      // one step of refinement: as accurate as substitution, row by row
      const x = add(first, matMul(sub(right, matMul(first, own, false, true)), inverse, false, true))
      return upper ? [x, ...done] : [...done, x]
    }, [])
    return [solved.length === 1 ? solved[0]! : joined(solved, 1)]
  },
  vjp: ([gradient], [matrix, rows], attrs) => {
    const upper = !attrs.upper
    const [byRows] = solve([transpose(matrix!), gradient!], { upper })
    const [x] = solve([matrix!, rows!], attrs)
    const byMatrix = neg(matMul(byRows!, x!, true))
    return [
      mul(
        byMatrix,
        maskMatrix(matrix!.shape[0]!, (i, j) => (upper ? i >= j : i <= j)),
      ),
      byRows!,
    ]
  },
})

/** What is left of the right-hand side of one block once the blocks that are solved are taken away. */
const withoutKnown = (matrix: Tensor, right: Tensor, done: ReadonlyArray<Tensor>, from: number, upper: boolean): Tensor => {
  if (done.length === 0) return right
  const [dim, size] = [matrix.shape[0]!, right.shape[1]!]
  const first = upper ? from + size : 0
  const known = done.length === 1 ? done[0]! : joined(done, 1)
  const coefficients = slice(matrix, [from, first], [size, upper ? dim - first : from])
  return sub(right, matMul(known, coefficients, false, true))
}

/**
 * Rows x with T x = y, T triangular: substitution in blocks, each a product. Of T the lower triangle is read, the upper one with `upper`.
 *
 * @param matrix [D, D]; zeros on the diagonal give infinities
 * @param rows   [N, D]
 */
export const solveTriangular = (matrix: Tensor, rows: Tensor, { upper = false }: { readonly upper?: boolean } = {}): Tensor =>
  tidy(() => solve([matrix, rows], { upper })[0]!)
