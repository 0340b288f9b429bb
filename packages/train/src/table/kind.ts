import * as t from 'io-ts'

/**
 * What the values of a column are, and so where its density lives.
 *
 *   real         any number
 *   positive     numbers above 0
 *   bounded      numbers from `low` to `high`
 *   circular     numbers from `from` on, `to` being the same as `from`: angles in degrees or radians, hours of the day
 *   integer      whole numbers, from `low` and to `high` where these are given; counting measure
 *   categorical  one of `categories`, texts (a number as it is written); counting measure. Those of the table where they are not given
 *   latitude     degrees from -90 to 90
 *   longitude    degrees from -180 to 180, the ends being the same
 */
export type ColumnKind =
  | { readonly _tag: 'real' }
  | { readonly _tag: 'positive' }
  | { readonly _tag: 'bounded'; readonly low: number; readonly high: number }
  | { readonly _tag: 'circular'; readonly from: number; readonly to: number }
  | { readonly _tag: 'integer'; readonly low: number | null; readonly high: number | null }
  | { readonly _tag: 'categorical'; readonly categories?: ReadonlyArray<string> }
  | { readonly _tag: 'latitude' }
  | { readonly _tag: 'longitude' }

/** A column as a person declares it: what its values are, and whether cells of it may be missing. */
export interface ColumnDeclaration {
  readonly kind: ColumnKind
  readonly missing: boolean
}

/** The columns of a table by name. */
export type TableSchema = { readonly [column: string]: ColumnDeclaration }

/** More categories than these are an index of texts, not categories. */
export const mostCategories = 1000

const isFiniteNumber = (u: unknown): u is number => typeof u === 'number' && Number.isFinite(u)
const isBound = (u: unknown): u is number | null => u === null || Number.isSafeInteger(u)

const isCategories = (u: unknown): u is ReadonlyArray<string> =>
  Array.isArray(u) &&
  u.length >= 2 &&
  u.length <= mostCategories &&
  u.every(name => typeof name === 'string' && name !== '' && name === name.trim()) &&
  new Set(u).size === u.length

/** The fields that a kind has beside its tag, and what they must be. */
const fieldsOf: { readonly [tag: string]: { readonly [field: string]: (u: unknown) => boolean } } = {
  real: {},
  positive: {},
  bounded: { low: isFiniteNumber, high: isFiniteNumber },
  circular: { from: isFiniteNumber, to: isFiniteNumber },
  integer: { low: isBound, high: isBound },
  categorical: { categories: u => u === undefined || isCategories(u) },
  latitude: {},
  longitude: {},
}

const isKind = (u: unknown): u is ColumnKind => {
  if (typeof u !== 'object' || u === null || !('_tag' in u) || typeof u._tag !== 'string' || !Object.hasOwn(fieldsOf, u._tag)) return false
  const record = u as { readonly [field: string]: unknown }
  const fields = fieldsOf[u._tag]!
  const known = Object.keys(u).every(name => name === '_tag' || Object.hasOwn(fields, name))
  return (
    known &&
    Object.entries(fields).every(([name, holds]) => holds(Object.hasOwn(record, name) ? record[name] : undefined)) &&
    isOrdered(u as ColumnKind)
  )
}

const isOrdered = (kind: ColumnKind): boolean => {
  if (kind._tag === 'bounded') return kind.low < kind.high
  if (kind._tag === 'circular') return kind.from < kind.to
  return kind._tag !== 'integer' || kind.low === null || kind.high === null || kind.low < kind.high
}

/** Reads a kind from a model file: bounds in order, 2 to 1,000 distinct categories, no unknown field. */
export const kindCodec: t.Type<ColumnKind> = new t.Type<ColumnKind>(
  'a kind of column',
  isKind,
  (u, context) => (isKind(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** The ends between which a kind's values lie. Of an integer those of its cells: `low` to `high + 1`. */
export const rangeOf = (kind: ColumnKind): readonly [low: number, high: number] => {
  switch (kind._tag) {
    case 'real':
      return [-Infinity, Infinity]
    case 'positive':
      return [0, Infinity]
    case 'bounded':
      return [kind.low, kind.high]
    case 'circular':
      return [kind.from, kind.to]
    case 'integer':
      return [kind.low ?? -Infinity, kind.high === null ? Infinity : kind.high + 1]
    case 'categorical':
      return [0, (kind.categories?.length ?? 1) - 1]
    case 'latitude':
      return [-90, 90]
    case 'longitude':
      return [-180, 180]
    default:
      return kind satisfies never
  }
}

/** Whether a kind's values lie on a circle. */
export const isCircular = (kind: ColumnKind): boolean => kind._tag === 'circular' || kind._tag === 'longitude'
