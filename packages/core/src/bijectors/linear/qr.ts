import { matMul, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { reflectionsOf } from '../../linalg/orthogonal.ts'
import { solveTriangular } from '../../linalg/triangular.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { logScale } from '../../transformers/scale-map.ts'
import { vectorLength } from '../vector.ts'
import { affineMap, linearBijector } from './linear.ts'
import { initReflections, reflectionCount } from './reflections.ts'
import { triangleOf } from './triangular.ts'

/** What `qr` returns. */
export type QrSpec = BijectorSpec & { readonly _tag: 'qr'; readonly reflections?: number }

/**
 * A full matrix as Q R (nflows' QRLinear): Q a product of Householder reflections, R upper triangular with a positive diagonal, and a shift:
 * y = Q R x + shift. The inverse is Q' and a substitution in blocks. With an even number of reflections it starts as the identity.
 *
 * @param reflections of Q; unless given, the largest even number up to D: every matrix of positive determinant
 */
export const qr = ({ reflections }: { readonly reflections?: number } = {}): QrSpec => ({
  _tag: 'qr',
  ...(reflections !== undefined && { reflections }),
})

/** `vectors` [K, D], to reflect along; `logScale` [D], within [1e-3, 1e3] by a soft clip, the diagonal of R; of `upper` [D, D] a triangle is read; `shift` [D]. */
export type QrParams = { readonly vectors: Tensor; readonly logScale: Tensor; readonly upper: Tensor; readonly shift: Tensor }

/** y = Q R x + shift of vectors of a length. */
export const qrBijector = (dim: number, reflections: number): Bijector<QrParams> => {
  const logDiagonal = (params: QrParams): Tensor => logScale('softclip', params.logScale)
  const r = (params: QrParams): Tensor => triangleOf(logDiagonal(params), params.upper, true)
  return linearBijector(
    affineMap<QrParams>({
      spec: qr({ reflections }),
      dim,
      trainable: { vectors: true, logScale: true, upper: true, shift: true },
      init: () => ({
        vectors: initReflections(reflections, dim),
        logScale: zeros([dim]),
        upper: zeros([dim, dim]),
        shift: zeros([dim]),
      }),
      apply: (params, x) => matMul(x, matMul(reflectionsOf(params.vectors), r(params)), false, true),
      solve: (params, y) => solveTriangular(r(params), matMul(y, reflectionsOf(params.vectors)), { upper: true }),
      logDet: params => sum(logDiagonal(params)),
    }),
  )
}

export const qrEntry: BijectorEntry<QrSpec> = {
  tag: 'qr',
  build: (spec, site) => {
    const dim = vectorLength('qr', site)
    return { ...qrBijector(dim, reflectionCount(spec.reflections, dim, site)), spec }
  },
}
