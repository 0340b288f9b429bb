import { add, slice, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Params, ScalarSupport, Shape } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { eachSupport, isScalar, showShape, showSupport } from '../support.ts'
import { joined, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { checked } from './checked.ts'

/** What `product` returns. */
export type ProductSpec = DistributionSpec & {
  readonly _tag: 'product'
  readonly parts: ReadonlyArray<{ readonly size: number; readonly distribution: DistributionSpec }>
}

/**
 * Independent distributions side by side on one vector: p(x) = prod_k p_k(x_k), where x_k is the next `size` dimensions of x.
 *
 * Each part lives on its own support and measure: the base of a flow on a table has categories in front, and angles beside real numbers.
 * A context goes to every part that takes one.
 *
 * @example product([{ size: 1, distribution: categorical([3]) }, { size: 4, distribution: standardNormal() }])
 */
export const product = (parts: ReadonlyArray<{ readonly size: number; readonly distribution: DistributionSpec }>): ProductSpec => ({
  _tag: 'product',
  parts,
})

/** The parameters of each part. */
export type ProductParams = ReadonlyArray<Params>

/**
 * Distributions of vectors side by side.
 *
 * @throws RangeError when a part's values have no support of their own
 */
export const productDistribution = (
  parts: ReadonlyArray<Distribution>,
  contextShape: Tree<Shape> | undefined,
): Distribution<ProductParams> => {
  const sizes = parts.map(({ space }) => space.shape[0]!)
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((n, size) => n + size, 0))
  const dim = sizes.reduce((n, size) => n + size, 0)
  const of = <A>(context: A, { contextShape: wanted }: Distribution): A | undefined => (wanted === undefined ? undefined : context)
  return checked({
    spec: product(parts.map(({ spec }, i) => ({ size: sizes[i]!, distribution: spec }))),
    space: { shape: [dim], support: eachSupport(parts.flatMap(dimensionsOf)) },
    contextShape,
    trainable: parts.map(({ trainable }) => trainable),
    init: key =>
      split(key, parts.length + 1)
        .slice(1)
        .map((k, i) => parts[i]!.init(k)),
    logProb: (params, x, context, key) =>
      tidy(() => {
        if (x.size === 0) return zeros([0])
        return parts
          .map((part, i) => part.logProb(params[i]!, slice(x, [0, starts[i]!], [-1, sizes[i]!]), of(context, part), key))
          .reduce((a, b) => add(a, b))
      }),
    sample: (params, key, n, context) =>
      tidy(() => {
        if (n === 0) return zeros([0, dim])
        const keys = split(key, parts.length + 1)
        return joined(
          parts.map((part, i) => part.sample(params[i]!, keys[i]!, n, of(context, part))),
          1,
        )
      }),
    sampleAndLogProb: (params, key, n, context) =>
      tidy(() => {
        if (n === 0) return { x: zeros([0, dim]), logProb: zeros([0]) }
        const keys = split(key, parts.length + 1)
        const drawn = parts.map((part, i) => part.sampleAndLogProb(params[i]!, keys[i]!, n, of(context, part)))
        return {
          x: joined(
            drawn.map(({ x }) => x),
            1,
          ),
          logProb: drawn.map(({ logProb }): Tensor => logProb).reduce((a, b) => add(a, b)),
        }
      }),
  })
}

const dimensionsOf = ({ space: { shape, support } }: Distribution): ReadonlyArray<ScalarSupport> => {
  if (support._tag === 'each') return support.dimensions
  if (!isScalar(support)) throw new RangeError(`product: expected parts whose values stand alone, got one of ${showSupport(support)}`)
  return Array.from({ length: shape[0]! }, () => support)
}

export const productEntry: DistributionEntry<ProductSpec> = {
  tag: 'product',
  build: (spec, site) => {
    const at = showPath([...site.path, 'parts'])
    const sizes = spec.parts.map(({ size }) => size)
    if (sizes.length === 0 || !sizes.every(size => Number.isSafeInteger(size) && size >= 1))
      throw new RangeError(`build: expected parts of at least one dimension, got [${sizes.join(', ')}] at ${at}`)
    const dim = sizes.reduce((n, size) => n + size, 0)
    if (site.shape.length !== 1 || site.shape[0] !== dim)
      throw new RangeError(`build: expected parts of ${showShape(site.shape)} dimensions in all, got ${dim} at ${at}`)
    const parts = spec.parts.map(({ size, distribution }, i) =>
      site.builder.distribution(distribution, { context: site.context, path: [...site.path, 'parts', i, 'distribution'], shape: [size] }),
    )
    const takesContext = parts.some(({ contextShape }) => contextShape !== undefined)
    return { ...productDistribution(parts, takesContext ? site.context : undefined), spec }
  },
}
