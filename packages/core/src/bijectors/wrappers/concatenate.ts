import { add, slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Cost, Params, ScalarSupport, Space } from '../../contracts.ts'
import { split } from '../../random/key.ts'
import type { Key } from '../../random/key.ts'
import type { BijectorEntry, BijectorSite } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { eachSupport, isScalar, showShape, showSupport, supportAt } from '../../support.ts'
import { joined, tidy } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import { adaptationOf } from '../adaptation.ts'
import { dearest } from '../chain.ts'
import { vectorLength } from '../vector.ts'

/** A bijector of so many dimensions of the data. */
export type Block = { readonly size: number; readonly bijector: BijectorSpec }
/** What `concatenate` returns. */
export type ConcatenateSpec = BijectorSpec & { readonly _tag: 'concatenate'; readonly blocks: ReadonlyArray<Block> }

/**
 * Bijectors side by side on one vector: the first acts on the first `size` dimensions of the data, the next on the next ones (TFP's Blockwise).
 * Their log-determinants add up.
 *
 * @example concatenate({ size: 1, bijector: elementwise(affine()) }, { size: 3, bijector: coupling(mlp(), affine()) })
 */
export const concatenate = (...blocks: ReadonlyArray<Block>): ConcatenateSpec => ({ _tag: 'concatenate', blocks })

/**
 * Bijectors of vectors side by side on one vector.
 *
 * @throws RangeError when one has no vectors, or a support that is not one of single values
 */
export const concatenateBijector = (bijectors: ReadonlyArray<Bijector>): Bijector<ReadonlyArray<Params>> => {
  const [base, data] = [spaceOf(bijectors.map(b => b.base)), spaceOf(bijectors.map(b => b.data))]
  const apart = (x: Tensor, side: 'base' | 'data'): ReadonlyArray<Tensor> => {
    const sizes = bijectors.map(b => b[side].shape[0]!)
    return sizes.map((size, i) => slice(x, [0, sizes.slice(0, i).reduce((n, s) => n + s, 0)], [-1, size]))
  }
  const together = (
    steps: ReadonlyArray<{ readonly out: Tensor; readonly logDet: Tensor }>,
  ): { readonly out: Tensor; readonly logDet: Tensor } => ({
    out: joined(
      steps.map(({ out }) => out),
      1,
    ),
    logDet: steps.map(({ logDet }) => logDet).reduce((sum, logDet) => add(sum, logDet)),
  })
  return {
    spec: concatenate(...bijectors.map(b => ({ size: b.data.shape[0]!, bijector: b.spec }))),
    contextShape: bijectors.find(b => b.contextShape !== undefined)?.contextShape,
    base,
    data,
    cost: { forward: costOf(bijectors, 'forward'), inverse: costOf(bijectors, 'inverse') },
    trainable: bijectors.map(b => b.trainable),
    init: (key: Key) => split(key, bijectors.length).map((k, i) => bijectors[i]!.init(k)),
    forward: (params, x, context, key) =>
      tidy(() => {
        const steps = apart(x, 'base').map((part, i) => {
          const { y, logDet } = bijectors[i]!.forward(params[i]!, part, context, key)
          return { out: y, logDet }
        })
        const { out, logDet } = together(steps)
        return { y: out, logDet }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        const steps = apart(y, 'data').map((part, i) => {
          const { x, logDet } = bijectors[i]!.inverse(params[i]!, part, context, key)
          return { out: x, logDet }
        })
        const { out, logDet } = together(steps)
        return { x: out, logDet }
      }),
    ...adaptationOf<ReadonlyArray<Params>>(
      bijectors,
      adapt => (params, side, batch, context) =>
        tidy(() => apart(batch, side).map((part, i) => adapt(bijectors[i]!, params[i]!, side, part, context))),
    ),
  }
}

const costOf = (bijectors: ReadonlyArray<Bijector>, direction: 'forward' | 'inverse'): Cost =>
  dearest(bijectors.map(b => b.cost[direction]))

/** The space of vectors side by side. */
const spaceOf = (spaces: ReadonlyArray<Space>): Space => {
  const dimensions = spaces.flatMap(({ shape, support }, at) => {
    if (shape.length !== 1) throw new RangeError(`concatenate: expected vectors, got events ${showShape(shape)} at index ${at}`)
    return Array.from({ length: shape[0]! }, (_, i): ScalarSupport => scalarAt(supportAt(support, i), at))
  })
  return { shape: [dimensions.length], support: eachSupport(dimensions) }
}

const scalarAt = (support: Space['support'], at: number): ScalarSupport => {
  if (!isScalar(support))
    throw new RangeError(`concatenate: expected supports of single values, got ${showSupport(support)} at index ${at}`)
  return support
}

/**
 * Blocks of a vector built side by side: their sizes are those of the data.
 *
 * @param step leads from the site to the i-th of them
 * @throws RangeError naming the path when their sizes do not add up to the vector
 */
export const concatenateAt = (
  blocks: ReadonlyArray<Block>,
  site: BijectorSite,
  step: (i: number) => ReadonlyArray<string | number>,
): Bijector<ReadonlyArray<Params>> => {
  const dim = vectorLength('concatenate', site)
  const bijectors = blocks.map(({ size, bijector }, i) =>
    site.builder.bijector(bijector, { ...site, side: 'data', shape: [size], path: [...site.path, ...step(i)] }),
  )
  const total = bijectors.reduce((n, b) => n + b[site.side].shape.reduce((m, size) => m * size, 1), 0)
  if (total !== dim)
    throw new RangeError(`build: expected blocks of ${dim} dimensions of the ${site.side} in all, got ${total} at ${showPath(site.path)}`)
  return concatenateBijector(bijectors)
}

export const concatenateEntry: BijectorEntry<ConcatenateSpec> = {
  tag: 'concatenate',
  build: (spec, site) => {
    const isBlock = (block: Block): boolean => Number.isSafeInteger(block?.size) && block.size >= 1
    if (!Array.isArray(spec.blocks) || spec.blocks.length === 0 || !spec.blocks.every(isBlock))
      throw new RangeError(
        `build: expected a list of blocks { size, bijector }, got ${JSON.stringify(spec.blocks)?.slice(0, 80)} at ${showPath([...site.path, 'blocks'])}`,
      )
    return { ...concatenateAt(spec.blocks, site, i => ['blocks', i, 'bijector']), spec }
  },
}
