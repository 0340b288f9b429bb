import { add, slice, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Params, ScalarSupport, Shape, Space } from '../contracts.ts'
import { oneHots } from '../distributions/one-hot.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import { eachSupport, isScalar, showSupport } from '../support.ts'
import { handle, joined, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { permute } from './permute.ts'
import { vectorLength } from './vector.ts'

/** What `givenCategories` returns. */
export type GivenCategoriesSpec = BijectorSpec & {
  readonly _tag: 'givenCategories'
  readonly categories: ReadonlyArray<number>
  readonly bijector: BijectorSpec
}

/**
 * A bijector of the numbers behind C categories, conditioned on them: (c, x) to (c, b(x; c, context)).
 *
 * An event [C + D] has codes 0, 1, ..., K_i - 1 in front, which pass unchanged, and D numbers, which go through `bijector`; its context is
 * the codes, one-hot, beside the context. With `categorical` in the base this is p(c) p(x | c). Where no numbers are behind the
 * codes (D = 0), it is the identity.
 *
 * @param categories K_1, ..., K_C
 * @example flow({ base: product([{ size: 1, distribution: categorical([3]) }, { size: 4, distribution: standardNormal() }]),
 *   bijector: givenCategories([3], nsf().bijector) })
 */
export const givenCategories = (categories: ReadonlyArray<number>, bijector: BijectorSpec): GivenCategoriesSpec => ({
  _tag: 'givenCategories',
  categories,
  bijector,
})

const total = (counts: ReadonlyArray<number>): number => counts.reduce((n, count) => n + count, 0)

/**
 * A conditional bijector behind categories.
 *
 * @param inner takes the codes one-hot, [sum of counts], or [one-hot, context] as its context
 */
export const givenCategoriesBijector = (
  categories: ReadonlyArray<number>,
  inner: Bijector,
  contextShape: Tree<Shape> | undefined,
): Bijector => {
  const count = categories.length
  const codes = (x: Tensor): Tensor => slice(x, [0, 0], [-1, count])
  const numbers = (x: Tensor): Tensor => slice(x, [0, count], [-1, x.shape[1]! - count])
  const innerContext = (x: Tensor, context: Context | undefined): Context | undefined => {
    if (inner.contextShape === undefined) return undefined
    const hot = oneHots(codes(x), categories)
    return context === undefined ? hot : [hot, context]
  }
  const spread = (logDet: Tensor, x: Tensor): Tensor => add(logDet, sum(zeroUnlessNaN(codes(x)), 1))
  const { adapt } = inner
  return {
    spec: givenCategories(categories, inner.spec),
    contextShape,
    base: behind(categories, inner.base),
    data: behind(categories, inner.data),
    cost: inner.cost,
    trainable: inner.trainable,
    init: key => inner.init(key),
    forward: (params, x, context, key) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const { y, logDet } = inner.forward(params, numbers(x), innerContext(x, context), key)
        return { y: joined([codes(x), y], 1), logDet: spread(logDet, x) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const { x, logDet } = inner.inverse(params, numbers(y), innerContext(y, context), key)
        return { x: joined([codes(y), x], 1), logDet: spread(logDet, y) }
      }),
    ...(adapt !== undefined && {
      adapt: (params: Params, side: 'base' | 'data', batch: Tensor, context?: Context): Params =>
        tidy(() => adapt(params, side, numbers(batch), innerContext(batch, context))),
    }),
  }
}

/** Nothing behind the codes: they pass. */
const identityOfCategories = (categories: ReadonlyArray<number>, contextShape: Tree<Shape> | undefined): Bijector => {
  const space: Space = { shape: [categories.length], support: eachSupport(categories.map(count => ({ _tag: 'categories', count }))) }
  const logDet = (x: Tensor): Tensor => (x.size === 0 ? zeros([0]) : sum(zeroUnlessNaN(x), 1))
  return {
    spec: givenCategories(categories, permute(categories.map((_, i) => i))),
    contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) => tidy(() => ({ y: handle(x), logDet: logDet(x) })),
    inverse: (_, y) => tidy(() => ({ x: handle(y), logDet: logDet(y) })),
  }
}

const behind = (categories: ReadonlyArray<number>, { shape, support }: Space): Space => {
  const dim = shape[0]!
  const codes = categories.map((count): ScalarSupport => ({ _tag: 'categories', count }))
  if (support._tag === 'each') return { shape: [codes.length + dim], support: eachSupport([...codes, ...support.dimensions]) }
  if (!isScalar(support))
    throw new RangeError(`givenCategories: expected a bijector of values that stand alone, got ${showSupport(support)}`)
  return { shape: [codes.length + dim], support: eachSupport([...codes, ...Array.from({ length: dim }, () => support)]) }
}

export const givenCategoriesEntry: BijectorEntry<GivenCategoriesSpec> = {
  tag: 'givenCategories',
  build: (spec, site) => {
    const dim = vectorLength('givenCategories', site)
    const { categories } = spec
    const at = showPath([...site.path, 'categories'])
    if (!Array.isArray(categories) || categories.length === 0 || !categories.every(k => Number.isSafeInteger(k) && k >= 2))
      throw new RangeError(`build: expected numbers of categories, each at least 2, got ${JSON.stringify(categories)} at ${at}`)
    if (dim < categories.length)
      throw new RangeError(`build: expected at most ${dim} numbers of categories for ${dim} dimensions, got ${categories.length} at ${at}`)
    if (dim === categories.length) return { ...identityOfCategories(categories, site.context), spec }
    const hot = [total(categories)]
    const inner = site.builder.bijector(spec.bijector, {
      context: site.context === undefined ? hot : [hot, site.context],
      path: [...site.path, 'bijector'],
      shape: [dim - categories.length],
      side: site.side,
    })
    return { ...givenCategoriesBijector(categories, inner, site.context), spec }
  },
}
