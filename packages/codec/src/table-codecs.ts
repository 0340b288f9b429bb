import type { CategoricalSpec, FixedAffineSpec, GivenCategoriesSpec, ProductSpec } from '@diffeo/core'
import * as t from 'io-ts'
import { choice, fields, finite, integer, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { bijectorSpec, distributionSpec, networkSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

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
const places: Codec<ReadonlyArray<number>> = where(t.readonlyArray(integer(0, 65_535), 'a list of places'), at =>
  at.every((place, i) => i === 0 || place > at[i - 1]!) ? undefined : 'places in rising order',
)
const nothing: t.Decoder<unknown, undefined> = t.undefined
const givenCategories: Codec<GivenCategoriesSpec> = fields<GivenCategoriesSpec>('givenCategories', {
  _tag: word('givenCategories'),
  categories,
  bijector: bijectorSpec,
  places: choice<ReadonlyArray<number> | undefined>('a list of places', u => (u === undefined ? nothing : places)),
})
const part = fields<ProductSpec['parts'][number]>('a part', { size: integer(1, 65_536), distribution: distributionSpec })
const product: Codec<ProductSpec> = fields<ProductSpec>('product', {
  _tag: word('product'),
  parts: where(t.readonlyArray(part, 'a list of parts'), parts => (parts.length > 0 ? undefined : 'at least one part')),
})

const isFloat32 = (x: number): boolean => Number.isFinite(Math.fround(x))
const fixedAffine: Codec<FixedAffineSpec> = fields<FixedAffineSpec>('fixedAffine', {
  _tag: word('fixedAffine'),
  shift: finite('a number in the range of float32', isFloat32),
  scale: finite('a number above 0 in the range of float32', x => Math.fround(x) > 0 && isFloat32(x)),
})

/** The codecs of the members that flows on tables are made of. */
export const tableCodecs: Pick<SpecCodecs, 'bijector' | 'transformer' | 'distribution'> = {
  bijector: { givenCategories },
  transformer: { fixedAffine },
  distribution: { categorical, product },
}
