import {
  add,
  cumsum,
  div,
  exp,
  log,
  matMul,
  maximum,
  mul,
  neg,
  reshape,
  slice,
  sqrt,
  sub,
  tanh,
  tensor,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Shape, Support } from '../../contracts.ts'
import { cholesky } from '../../linalg/cholesky.ts'
import { identityMatrix, maskMatrix } from '../../linalg/triangular.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { realSpace } from '../../support.ts'
import { columnsAt, joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { asinh, clipped, logCosh, softplus } from '../../transformers/scalar-functions.ts'
import { logOneMinusExp, softplusInverse } from '../../transformers/softplus.ts'
import { matrixSize } from './sizes.ts'

/** What `positiveDefinite` returns. */
export type PositiveDefiniteSpec = BijectorSpec & { readonly _tag: 'positiveDefinite' }
/** What `correlationCholesky` returns. */
export type CorrelationCholeskySpec = BijectorSpec & { readonly _tag: 'correlationCholesky' }

/**
 * R^(D (D + 1) / 2) onto the symmetric positive-definite matrices [D, D]: x fills the lower triangle L row by row, its diagonal made positive by
 * log(1 + e^x), and y = L L'. The log-determinant is that by the lower triangle of y; that of L L' by L is D log 2 + sum (D - i) log L_ii, i from 0.
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html#covariance-matrices-1
 */
export const positiveDefinite = (): PositiveDefiniteSpec => ({ _tag: 'positiveDefinite' })

/**
 * R^(D (D - 1) / 2) onto the Cholesky factors of correlation matrices [D, D], row by row (Lewandowski et al. 2009; torch's `CorrCholeskyTransform`):
 *
 *   L_ij = tanh(x_ij) sqrt(1 - L_i1^2 - ... - L_i(j-1)^2) for j < i,   L_ii = what makes the row's length 1
 *
 * The log-determinant is that by the entries below the diagonal.
 *
 * @see https://mc-stan.org/docs/reference-manual/transforms.html#cholesky-factors-of-correlation-matrices-1
 */
export const correlationCholesky = (): CorrelationCholeskySpec => ({ _tag: 'correlationCholesky' })

/** Places of a triangle in a flat matrix, row by row. */
const placesOf = (size: number, diagonal: boolean): ReadonlyArray<number> =>
  Array.from({ length: size * size }, (_, i) => i).filter(i =>
    diagonal ? i % size <= Math.floor(i / size) : i % size < Math.floor(i / size),
  )

/** x [N, count] as matrices [N, D, D] with x in the places and 0 elsewhere. */
const filled = (x: Tensor, size: number, places: ReadonlyArray<number>): Tensor => {
  const zero = mul(slice(x, [0, 0], [-1, 1]), 0)
  const from = Array.from({ length: size * size }, (_, i) => (places.includes(i) ? places.indexOf(i) : places.length))
  return reshape(columnsAt(joined([x, zero], 1), from), [x.shape[0]!, size, size])
}

const picked = (matrix: Tensor, places: ReadonlyArray<number>): Tensor =>
  columnsAt(reshape(matrix, [matrix.shape[0]!, matrix.shape[1]! * matrix.shape[2]!]), places)

const diagonalPlaces = (size: number): ReadonlyArray<number> => Array.from({ length: size }, (_, i) => i * (size + 1))

interface Spaces {
  readonly spec: BijectorSpec
  readonly size: number
  readonly count: number
  readonly support: Support
}

const ontoMatrices = (
  { spec, size, count, support }: Spaces,
  forward: (x: Tensor) => { readonly y: Tensor; readonly logDet: Tensor },
  inverse: (y: Tensor) => { readonly x: Tensor; readonly logDet: Tensor },
): Bijector<Record<string, never>> => {
  const shape: Shape = [size, size]
  return {
    spec,
    contextShape: undefined,
    base: realSpace([count]),
    data: { shape, support },
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) => tidy(() => (x.size === 0 ? { y: zeros([0, ...shape]), logDet: zeros([0]) } : forward(x))),
    inverse: (_, y) =>
      tidy(() => {
        if (y.size === 0) return { x: zeros([0, count]), logDet: zeros([0]) }
        const { x, logDet } = inverse(y)
        // the whole matrix: the part that is not read may hold a NaN
        const guard = sumEvent(zeroUnlessNaN(y))
        return { x: add(x, reshape(guard, [y.shape[0]!, 1])), logDet: add(logDet, guard) }
      }),
  }
}

/** Diagonals of L below this would square to numbers out of float32. */
const leastRoot = -40

export const positiveDefiniteBijector = (size: number): Bijector<Record<string, never>> => {
  const places = placesOf(size, true)
  const onDiagonal = diagonalPlaces(size)
  const at = onDiagonal.map(i => places.indexOf(i))
  const off = placesOf(size, false)
  const offAt = off.map(i => places.indexOf(i))
  const order = places.map(i => (onDiagonal.includes(i) ? onDiagonal.indexOf(i) : size + off.indexOf(i)))
  // D - i for the product L L', in the order of the diagonal
  const powers = (): Tensor =>
    tensor(
      onDiagonal.map((_, i) => size - i),
      [1, size],
    )
  const volume = (roots: Tensor): Tensor => add(sumEvent(mul(powers(), log(roots))), size * Math.LN2)
  const split = (x: Tensor): readonly [Tensor, Tensor | undefined] => [columnsAt(x, at), off.length > 0 ? columnsAt(x, offAt) : undefined]
  const together = (diagonal: Tensor, below: Tensor | undefined): Tensor =>
    below === undefined ? diagonal : columnsAt(joined([diagonal, below], 1), order)
  return ontoMatrices(
    { spec: positiveDefinite(), size, count: places.length, support: { _tag: 'positiveDefinite' } },
    x => {
      const [free, below] = split(x)
      const inside = clipped(free, leastRoot, 1e18)
      const roots = softplus(inside)
      const l = filled(together(roots, below), size, places)
      const slopes = neg(softplus(neg(inside)))
      return { y: matMul(l, l, false, true), logDet: add(sumEvent(zeroUnlessNaN(x)), add(volume(roots), sumEvent(slopes))) }
    },
    y => {
      const l = cholesky(mul(0.5, add(y, transpose(y, [0, 2, 1]))))
      const roots = picked(l, onDiagonal)
      const x = together(softplusInverse(roots), off.length > 0 ? picked(l, off) : undefined)
      return { x, logDet: neg(add(volume(roots), sumEvent(logOneMinusExp(roots)))) }
    },
  )
}

export const correlationCholeskyBijector = (size: number): Bijector<Record<string, never>> => {
  const places = placesOf(size, false)
  const below = (): Tensor => maskMatrix(size, (i, j) => j < i)
  const smallest = 1e-36
  return ontoMatrices(
    { spec: correlationCholesky(), size, count: places.length, support: { _tag: 'correlationCholesky' } },
    x => {
      const free = filled(clipped(x, -20, 20), size, places)
      // log(1 - tanh^2 x), 0 on and above the diagonal
      const shares = mul(-2, logCosh(free))
      const before = cumsum(shares, 2, true)
      const lengths = exp(mul(0.5, before))
      const y = mul(add(mul(tanh(free), below()), identityMatrix(size)), lengths)
      return { y, logDet: sumEvent(mul(add(shares, mul(0.5, before)), below())) }
    },
    y => {
      const lower = mul(y, add(below(), identityMatrix(size)))
      const left = maximum(cumsum(mul(lower, lower), 2, false, true), smallest)
      const behind = joined([slice(left, [0, 0, 1], [-1, size, size - 1]), slice(left, [0, 0, 0], [-1, size, 1])], 2)
      const x = picked(asinh(div(lower, sqrt(behind))), places)
      const [logLeft, logBehind] = [log(left), log(behind)]
      const shares = sub(logBehind, logLeft)
      return { x, logDet: neg(sumEvent(mul(add(shares, mul(0.5, logLeft)), below()))) }
    },
  )
}

export const positiveDefiniteEntry: BijectorEntry<PositiveDefiniteSpec> = {
  tag: 'positiveDefinite',
  build: (_, site) => positiveDefiniteBijector(matrixSize('positiveDefinite', site, 1, d => (d * (d + 1)) / 2)),
}
export const correlationCholeskyEntry: BijectorEntry<CorrelationCholeskySpec> = {
  tag: 'correlationCholesky',
  build: (_, site) => correlationCholeskyBijector(matrixSize('correlationCholesky', site, 2, d => (d * (d - 1)) / 2)),
}
