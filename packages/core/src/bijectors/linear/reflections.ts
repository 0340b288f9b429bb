import { tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { BijectorSite } from '../../registry.ts'
import { checkCount } from './fields.ts'

/** As many reflections as make every rotation of vectors of a length: the largest even number up to it, at least 2. */
const enough = (dim: number): number => Math.max(2, dim - (dim % 2))

/**
 * The number of reflections that a spec asks for, or enough of them.
 *
 * @throws RangeError naming the path when it is no whole number from 1 to 65,536
 */
export const reflectionCount = (reflections: number | undefined, dim: number, site: BijectorSite): number => {
  checkCount(reflections, 1, 65_536, site, 'reflections')
  return reflections ?? enough(dim)
}

/**
 * Vectors [count, dim] to reflect along: pairs of equal unit vectors, one axis after another, whose product is exactly the identity (nflows' start),
 * and one more where `count` is odd.
 */
export const initReflections = (count: number, dim: number): Tensor => {
  const axis = (k: number): number => Math.floor(k / 2) % dim
  return tensor2d(
    Float32Array.from({ length: count * dim }, (_, at) => (axis(Math.floor(at / dim)) === at % dim ? 1 : 0)),
    [count, dim],
  )
}
