import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { showPath } from '../../tree.ts'
import { vectorLength } from '../vector.ts'
import { concatenateAt } from './concatenate.ts'

/** What `blockwise` returns. */
export type BlockwiseSpec = BijectorSpec & { readonly _tag: 'blockwise'; readonly size: number; readonly bijector: BijectorSpec }

/**
 * A vector in blocks of `size` dimensions, each through a bijector of the same kind with parameters of its own: a block-diagonal Jacobian.
 *
 * @param size divides the length of the vector
 * @example blockwise(2, plu()) // pairs of coordinates
 */
export const blockwise = (size: number, bijector: BijectorSpec): BlockwiseSpec => ({ _tag: 'blockwise', size, bijector })

export const blockwiseEntry: BijectorEntry<BlockwiseSpec> = {
  tag: 'blockwise',
  build: (spec, site) => {
    const dim = vectorLength('blockwise', site)
    if (!Number.isSafeInteger(spec.size) || spec.size < 1 || dim % spec.size !== 0)
      throw new RangeError(`build: expected blocks whose size divides ${dim}, got ${spec.size} at ${showPath([...site.path, 'size'])}`)
    const blocks = Array.from({ length: dim / spec.size }, () => ({ size: spec.size, bijector: spec.bijector }))
    return { ...concatenateAt(blocks, site, () => ['bijector']), spec }
  },
}
