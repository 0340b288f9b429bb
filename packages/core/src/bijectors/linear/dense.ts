import { add, matMul, sub, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { inverseAndLogDet } from '../../linalg/inverse.ts'
import { identityMatrix } from '../../linalg/triangular.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { vectorLength } from '../vector.ts'
import { affineMap, linearBijector } from './linear.ts'

/** What `dense` returns. */
export type DenseSpec = BijectorSpec & { readonly _tag: 'dense' }

/**
 * A full matrix without structure, and a shift: y = (I + W) x + shift. Its inverse and log |det| are found by Gauss-Jordan elimination, once for all
 * rows: D steps, each of D^2 operations. `plu` needs none; this one can change the sign of its determinant, and is singular on the way.
 * Starts as the identity.
 */
export const dense = (): DenseSpec => ({ _tag: 'dense' })

/** `weight` [D, D], what is added to the identity; `shift` [D]. */
export type DenseParams = { readonly weight: Tensor; readonly shift: Tensor }

/** y = (I + W) x + shift of vectors of a length. */
export const denseBijector = (dim: number): Bijector<DenseParams> => {
  const matrix = ({ weight }: DenseParams): Tensor => add(identityMatrix(dim), weight)
  return linearBijector(
    affineMap<DenseParams>({
      spec: dense(),
      dim,
      trainable: { weight: true, shift: true },
      init: () => ({ weight: zeros([dim, dim]), shift: zeros([dim]) }),
      apply: (params, x) => matMul(x, matrix(params), false, true),
      solve: (params, y) => {
        const a = matrix(params)
        const { inverse } = inverseAndLogDet(a)
        const x = matMul(y, inverse, false, true)
        // one step of refinement: as accurate as an elimination of each row would be
        return add(x, matMul(sub(y, matMul(x, a, false, true)), inverse, false, true))
      },
      logDet: params => inverseAndLogDet(matrix(params)).logDet,
    }),
  )
}

export const denseEntry: BijectorEntry<DenseSpec> = { tag: 'dense', build: (_, site) => denseBijector(vectorLength('dense', site)) }
