import { broadcastTo, fill, less, slice, sum, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { oneHot } from '../distributions/one-hot.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import { contextWidth, joined, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { flattenContext } from './linear.ts'

/** What `embedding` returns. */
export type EmbeddingSpec = NetworkSpec & {
  readonly _tag: 'embedding'
  readonly categories: ReadonlyArray<number>
  readonly network: NetworkSpec
}

/**
 * A network that reads categories: column i of its context holds codes 0, 1, ..., categories[i] - 1, or plain numbers where categories[i] is 0. A code becomes
 * a row of zeros with a one, so that the first layer's weights for it are its embedding, as wide as that layer. Where there is no context, as in
 * `conditional` or `embed`, the input is read so. What is no code gives NaN.
 *
 * A flow of which every conditioner is one is conditional on a class.
 *
 * @example coupling(embedding([10], mlp({ hidden: [64, 64] })), affine())
 */
export const embedding = (categories: ReadonlyArray<number>, network: NetworkSpec): EmbeddingSpec => ({
  _tag: 'embedding',
  categories,
  network,
})

/** Codes one-hot and numbers as they are, side by side. */
const encoded = (columns: Tensor, categories: ReadonlyArray<number>): Tensor => {
  // tfjs' cpu kernel cannot slice what has no rows
  if (columns.size === 0) return zeros([0, categories.reduce((n, count) => n + Math.max(1, count), 0)])
  return joined(
    categories.map((count, i) => {
      if (count === 0) return slice(columns, [0, i], [-1, 1])
      const hot = oneHot(columns, i, count)
      const isNone = less(sum(hot, 1, true), 0.5)
      return where(broadcastTo(isNone, hot.shape), fill(hot.shape, NaN), hot)
    }),
    1,
  )
}

export const embeddingEntry: NetworkEntry<EmbeddingSpec> = {
  tag: 'embedding',
  build: (spec, site) => {
    checkCategories(spec.categories, site)
    const width = spec.categories.reduce((n, count) => n + Math.max(1, count), 0)
    const path = [...site.path, 'network']
    if (site.context === undefined) {
      const inner = site.builder.network(spec.network, { ...site, path, input: [width] })
      return {
        ...inner,
        spec,
        apply: (params, x) => tidy(() => inner.apply(params, encoded(flattenContext(x), spec.categories))),
      } as Network
    }
    const inner = site.builder.network(spec.network, { ...site, path, context: [width] })
    return {
      ...inner,
      spec,
      apply: (params, x, context) => tidy(() => inner.apply(params, x, encoded(flattenContext(context!), spec.categories))),
    } as Network
  },
}

const checkCategories = (categories: ReadonlyArray<number>, site: NetworkSite): void => {
  const at = showPath([...site.path, 'categories'])
  const columns = site.context === undefined ? site.input.reduce((n, size) => n * size, 1) : contextWidth(site.context)
  if (!Array.isArray(categories) || !categories.every(count => count === 0 || (Number.isSafeInteger(count) && count >= 2)))
    throw new RangeError(`build: expected numbers of categories, 0 for plain numbers, got ${JSON.stringify(categories)} at ${at}`)
  if (site.context === undefined && site.autoregressive)
    throw new RangeError(`build: expected a context of categories for an autoregressive network, got none at ${showPath(site.path)}`)
  if (categories.length !== columns)
    throw new RangeError(`build: expected ${columns} numbers of categories, got ${categories.length} at ${at}`)
}
