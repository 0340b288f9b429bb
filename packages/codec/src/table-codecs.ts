import type { CategoricalSpec, GivenCategoriesSpec, ProductSpec } from '@diffeo/core'
import * as t from 'io-ts'
import { fields, integer, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { bijectorSpec, distributionSpec, networkSpec } from './spec-kind.ts'

/** A column with more categories than this has an index for a text, not a category. */
const mostCategories = 10_000

const categories: Codec<ReadonlyArray<number>> = where(
  t.readonlyArray(integer(2, mostCategories), 'a list of numbers of categories'),
  counts =>
    counts.length > 0 && counts.reduce((n, count) => n + count, 0) <= mostCategories
      ? undefined
      : `1 to ${mostCategories} categories in all`,
)
const categorical: Codec<CategoricalSpec> = fields<CategoricalSpec>('categorical', {
  _tag: word('categorical'),
  categories,
  conditioner: networkSpec,
})
const givenCategories: Codec<GivenCategoriesSpec> = fields<GivenCategoriesSpec>('givenCategories', {
  _tag: word('givenCategories'),
  categories,
  bijector: bijectorSpec,
})
const part = fields<ProductSpec['parts'][number]>('a part', { size: integer(1, 65_536), distribution: distributionSpec })
const product: Codec<ProductSpec> = fields<ProductSpec>('product', {
  _tag: word('product'),
  parts: where(t.readonlyArray(part, 'a list of parts'), parts => (parts.length > 0 ? undefined : 'at least one part')),
})

/** The codecs of the members that flows on tables are made of. */
export const tableCodecs = {
  bijector: { givenCategories },
  distribution: { categorical, product },
} as const
