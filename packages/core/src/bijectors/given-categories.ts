import { add, slice, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, ScalarSupport, Shape, Space } from '../contracts.ts'
import { oneHots } from '../distributions/one-hot.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import { eachSupport, isScalar, showSupport } from '../support.ts'
import { columnsAt, handle, joined, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { adaptationOf } from './adaptation.ts'
import { inverseOrder, permute } from './permute.ts'
import { vectorLength } from './vector.ts'

/** What `givenCategories` returns. */
export type GivenCategoriesSpec = BijectorSpec & {
  readonly _tag: 'givenCategories'
  readonly categories: ReadonlyArray<number>
  readonly bijector: BijectorSpec
  readonly places?: ReadonlyArray<number>
}

/**
 * A bijector of the numbers behind C categories, conditioned on them: (c, x) to (c, b(x; c, context)).
 *
 * The base has codes 0, 1, ..., K_i - 1 in front, which pass unchanged, and D numbers behind them, which go through `bijector`; its
 * context is the codes, one-hot, beside the context. With `categorical` in the base this is p(c) p(x | c). In the data the codes stand
 * in front too, or at `places`, the numbers keeping their order. Without numbers (D = 0) the codes just pass.
 *
 * @param categories K_1, ..., K_C
 * @param places     where the codes stand in the data, in rising order
 * @example flow({ base: product([{ size: 1, distribution: categorical([3]) }, { size: 4, distribution: standardNormal() }]),
 *   bijector: givenCategories([3], nsf().bijector) })
 */
export const givenCategories = (
  categories: ReadonlyArray<number>,
  bijector: BijectorSpec,
  { places }: { readonly places?: ReadonlyArray<number> } = {},
): GivenCategoriesSpec => ({ _tag: 'givenCategories', categories, bijector, ...(places !== undefined && { places }) })

const total = (counts: ReadonlyArray<number>): number => counts.reduce((n, count) => n + count, 0)

/**
 * A conditional bijector behind categories.
 *
 * @param inner  takes the codes one-hot, [sum of counts], or [one-hot, context] as its context
 * @param places where the codes stand in the data; in front unless given
 */
export const givenCategoriesBijector = (
  categories: ReadonlyArray<number>,
  inner: Bijector,
  contextShape: Tree<Shape> | undefined,
  places: ReadonlyArray<number> = categories.map((_, i) => i),
): Bijector => {
  const count = categories.length
  const order = orderOf(places, count + inner.data.shape[0]!)
  const inFront = order.every((from, i) => from === i)
  const gathered = (y: Tensor): Tensor => (inFront ? y : columnsAt(y, order))
  const scattered = (y: Tensor): Tensor => (inFront ? y : columnsAt(y, inverseOrder(order)))
  const codes = (x: Tensor): Tensor => slice(x, [0, 0], [-1, count])
  const numbers = (x: Tensor): Tensor => slice(x, [0, count], [-1, x.shape[1]! - count])
  const innerContext = (x: Tensor, context: Context | undefined): Context | undefined => {
    if (inner.contextShape === undefined) return undefined
    const hot = oneHots(codes(x), categories)
    return context === undefined ? hot : [hot, context]
  }
  const spread = (logDet: Tensor, x: Tensor): Tensor => add(logDet, sum(zeroUnlessNaN(codes(x)), 1))
  return {
    spec: givenCategories(categories, inner.spec, { places }),
    contextShape,
    base: behind(categories, inner.base),
    data: placed(behind(categories, inner.data), inverseOrder(order)),
    cost: inner.cost,
    trainable: inner.trainable,
    init: key => inner.init(key),
    forward: (params, x, context, key) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const { y, logDet } = inner.forward(params, numbers(x), innerContext(x, context), key)
        return { y: scattered(joined([codes(x), y], 1)), logDet: spread(logDet, x) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const own = gathered(y)
        const { x, logDet } = inner.inverse(params, numbers(own), innerContext(own, context), key)
        return { x: joined([codes(own), x], 1), logDet: spread(logDet, own) }
      }),
    ...adaptationOf(
      [inner],
      adapt => (params, side, batch, context) =>
        tidy(() => {
          const own = side === 'data' ? gathered(batch) : batch
          return adapt(inner, params, side, numbers(own), innerContext(own, context))
        }),
    ),
  }
}

/** Where the base's dimensions stand in the data: codes first, then the numbers. */
const orderOf = (places: ReadonlyArray<number>, dim: number): ReadonlyArray<number> => [
  ...places,
  ...Array.from({ length: dim }, (_, i) => i).filter(i => !places.includes(i)),
]

/** A space with its dimensions in another order. */
const placed = ({ shape, support }: Space, order: ReadonlyArray<number>): Space => ({
  shape,
  support: support._tag === 'each' ? { _tag: 'each', dimensions: order.map(from => support.dimensions[from]!) } : support,
})

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
    const { places } = spec
    if (places !== undefined && !isRising(places, categories.length, dim))
      throw new RangeError(
        `build: expected ${categories.length} places of categories in rising order below ${dim}, got ${JSON.stringify(places)} at ${showPath([...site.path, 'places'])}`,
      )
    const hot = [total(categories)]
    const inner = site.builder.bijector(spec.bijector, {
      context: site.context === undefined ? hot : [hot, site.context],
      path: [...site.path, 'bijector'],
      shape: [dim - categories.length],
      side: site.side,
    })
    return { ...givenCategoriesBijector(categories, inner, site.context, places), spec }
  },
}

const isRising = (places: ReadonlyArray<number>, count: number, dim: number): boolean =>
  Array.isArray(places) &&
  places.length === count &&
  places.every((place, i) => Number.isSafeInteger(place) && place >= 0 && place < dim && (i === 0 || place > places[i - 1]!))
