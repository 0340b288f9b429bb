import { add, exp, matMul, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { diagonalMatrix, solveTriangular, strictTriangle } from '../../linalg/triangular.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { logScale } from '../../transformers/scale-map.ts'
import { vectorLength } from '../vector.ts'
import { checkFlag } from './fields.ts'
import { affineMap, linearBijector } from './linear.ts'

/** What `triangular` returns. */
export type TriangularSpec = BijectorSpec & { readonly _tag: 'triangular'; readonly upper?: boolean }

/**
 * A triangular matrix with a positive diagonal, and a shift: y = T x + shift. log |det T| is the sum of the logarithms of its diagonal; the inverse is
 * a substitution in blocks. Starts as the identity.
 *
 * @param upper whether the entries stand above the diagonal, rather than below
 * @example chain(triangular(), elementwise(rationalQuadratic()), triangular({ upper: true }))
 */
export const triangular = ({ upper = false }: { readonly upper?: boolean } = {}): TriangularSpec => ({
  _tag: 'triangular',
  ...(upper && { upper }),
})

/** `logScale` [D], within [1e-3, 1e3] by a soft clip, makes the diagonal; of `weight` [D, D] one triangle is read; `shift` [D]. */
export type TriangularParams = { readonly logScale: Tensor; readonly weight: Tensor; readonly shift: Tensor }

/** y = T x + shift of vectors of a length. */
export const triangularBijector = (dim: number, upper: boolean = false): Bijector<TriangularParams> => {
  const logDiagonal = ({ logScale: scale }: TriangularParams): Tensor => logScale('softclip', scale)
  const matrix = (params: TriangularParams): Tensor => triangleOf(logDiagonal(params), params.weight, upper)
  return linearBijector(
    affineMap<TriangularParams>({
      spec: triangular({ upper }),
      dim,
      trainable: { logScale: true, weight: true, shift: true },
      init: () => ({ logScale: zeros([dim]), weight: zeros([dim, dim]), shift: zeros([dim]) }),
      apply: (params, x) => matMul(x, matrix(params), false, true),
      solve: (params, y) => solveTriangular(matrix(params), y, { upper }),
      logDet: params => sum(logDiagonal(params)),
    }),
  )
}

/** The triangular matrix of the logarithms of a diagonal and one triangle of another matrix. */
export const triangleOf = (logDiagonal: Tensor, weight: Tensor, upper: boolean): Tensor =>
  add(diagonalMatrix(exp(logDiagonal)), strictTriangle(weight, upper))

export const triangularEntry: BijectorEntry<TriangularSpec> = {
  tag: 'triangular',
  build: (spec, site) => {
    checkFlag(spec.upper, site, 'upper')
    return triangularBijector(vectorLength('triangular', site), spec.upper)
  },
}
