import { matMul, scalar } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { reflectionsOf } from '../../linalg/orthogonal.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { vectorLength } from '../vector.ts'
import { linearBijector, onSpheres } from './linear.ts'
import { initReflections, reflectionCount } from './reflections.ts'

/** What `householder` returns. */
export type HouseholderSpec = BijectorSpec & { readonly _tag: 'householder'; readonly reflections?: number }

/**
 * An orthogonal matrix as a product of Householder reflections (Tomczak and Welling 2016): y = H_1 H_2 ... H_K x. Its inverse is its transpose, its
 * log |det| 0. An even number of reflections is a rotation and starts as the identity; an odd number starts as one reflection. Of unit vectors it is a map of the sphere.
 *
 * @param reflections K; unless given, the largest even number up to D, which makes every rotation
 * @see https://arxiv.org/abs/1611.09630
 */
export const householder = ({ reflections }: { readonly reflections?: number } = {}): HouseholderSpec => ({
  _tag: 'householder',
  ...(reflections !== undefined && { reflections }),
})

/** `vectors` [K, D], to reflect along; their lengths do not matter. */
export type HouseholderParams = { readonly vectors: Tensor }

/** y = H_1 ... H_K x of vectors of a length. */
export const householderBijector = (dim: number, reflections: number): Bijector<HouseholderParams> =>
  onSpheres(
    linearBijector<HouseholderParams>({
      spec: householder({ reflections }),
      dim,
      trainable: { vectors: true },
      init: () => ({ vectors: initReflections(reflections, dim) }),
      apply: ({ vectors }, x) => matMul(x, reflectionsOf(vectors), false, true),
      solve: ({ vectors }, y) => matMul(y, reflectionsOf(vectors)),
      logDet: () => scalar(0),
    }),
  )

export const householderEntry: BijectorEntry<HouseholderSpec> = {
  tag: 'householder',
  build: (spec, site) => {
    const dim = vectorLength('householder', site)
    return { ...householderBijector(dim, reflectionCount(spec.reflections, dim, site)), spec }
  },
}
