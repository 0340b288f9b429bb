import { matMul, scalar, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { cayleyOf, rotationOf, skew } from '../../linalg/orthogonal.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { vectorLength } from '../vector.ts'
import { checkWord } from './fields.ts'
import { linearBijector, onSpheres } from './linear.ts'

/** How a skew-symmetric matrix becomes a rotation. */
export type RotationMap = 'exponential' | 'cayley'
/** What `orthogonal` returns. */
export type OrthogonalSpec = BijectorSpec & { readonly _tag: 'orthogonal'; readonly map: RotationMap }

/**
 * A rotation made of a skew-symmetric S: y = Q x. Its inverse is its transpose, its log |det| 0. Starts as the identity. Of unit vectors it is a rotation of the sphere.
 *
 * @param map exponential: Q = exp(S), every rotation (default), S of Frobenius norm up to 4 pi sqrt(D); cayley: Q = (I - S)(I + S)^-1, every rotation but those with an eigenvalue of -1
 * @example chain(orthogonal(), elementwise(rationalQuadratic()))
 */
export const orthogonal = ({ map = 'exponential' }: { readonly map?: RotationMap } = {}): OrthogonalSpec => ({ _tag: 'orthogonal', map })

/** Of `weight` [D, D] the entries below the diagonal are read: S = L - L'. */
export type OrthogonalParams = { readonly weight: Tensor }

const rotations: { readonly [map in RotationMap]: (s: Tensor) => Tensor } = { exponential: rotationOf, cayley: cayleyOf }

/** y = Q x of vectors of a length. */
export const orthogonalBijector = (dim: number, map: RotationMap): Bijector<OrthogonalParams> => {
  const matrix = ({ weight }: OrthogonalParams): Tensor => rotations[map](skew(weight))
  return onSpheres(
    linearBijector<OrthogonalParams>({
      spec: orthogonal({ map }),
      dim,
      trainable: { weight: true },
      init: () => ({ weight: zeros([dim, dim]) }),
      apply: (params, x) => matMul(x, matrix(params), false, true),
      solve: (params, y) => matMul(y, matrix(params)),
      logDet: () => scalar(0),
    }),
  )
}

export const orthogonalEntry: BijectorEntry<OrthogonalSpec> = {
  tag: 'orthogonal',
  build: (spec, site) => {
    checkWord(spec.map, ['exponential', 'cayley'], site, 'map')
    return orthogonalBijector(vectorLength('orthogonal', site), spec.map)
  },
}
