import { labelReader } from '../data/number.ts'
import type { ColumnSchema } from '../data/schema.ts'
import { isCircular, rangeOf } from './kind.ts'
import type { ColumnKind } from './kind.ts'

/** How near to its ends, in shares of its range, a bounded column's values are told apart: at an end there is no density. */
const edge = 2 ** -12

/**
 * A value of a column, in the table's units, as the flow has it: (x - shift) / scale; on a circle the angle in [-pi, pi), or, where the
 * circle is cut open, its share of the way round from the cut; of a category its code, -1 where it is none of them.
 */
export const toEvent = (column: ColumnSchema): ((x: number) => number) => {
  const { shift, scale, kind = real } = column
  if (kind._tag === 'categorical') {
    const codes = codesOf(kind)
    return x => (Number.isNaN(x) ? NaN : (codes.get(x) ?? -1))
  }
  if (isCircular(kind)) {
    const [from, to] = rangeOf(kind)
    return column.cut === undefined
      ? x => Math.min(mostAngle, wrapped(x - shift, (from - to) / 2, to - from) / scale)
      : x => inset(wrapped(x - shift, 0, to - from) / scale)
  }
  if (Number.isFinite(rangeOf(kind)[0]) && Number.isFinite(rangeOf(kind)[1])) return x => inset((x - shift) / scale)
  return x => (x - shift) / scale
}

/** The last float32 number below pi. */
const mostAngle = 3.1415925

const real: ColumnKind = { _tag: 'real' }

/** Values at the ends of [0, 1], or next to them, moved inside; others stay where they are. */
const inset = (u: number): number => (u >= 0 && u <= 1 ? Math.min(1 - edge, Math.max(edge, u)) : u)

/** x + k period in [low, low + period). */
const wrapped = (x: number, low: number, period: number): number => {
  const turns = Math.floor((x - low) / period)
  const inside = x - turns * period
  return inside >= low + period ? low : Math.max(low, inside)
}

/**
 * A number of a flow's event as a value of the column: shift + scale u, back on its circle or within its bounds, whole where the column
 * is of whole numbers; of a category the number that it is, or its place in the list.
 */
export const fromEvent = (column: ColumnSchema): ((u: number) => number) => {
  const { shift, scale, kind = real } = column
  switch (kind._tag) {
    case 'real':
      return u => shift + scale * u
    case 'categorical': {
      const values = valuesOf(kind)
      return u => values[Math.min(values.length - 1, Math.max(0, Math.round(u)))]!
    }
    case 'positive':
      return u => Math.max(Number.MIN_VALUE, shift + scale * u)
    case 'integer': {
      const [low, high] = [kind.low ?? -Infinity, kind.high ?? Infinity]
      return u => Math.min(high, Math.max(low, Math.floor(shift + scale * u)))
    }
    case 'bounded':
    case 'latitude': {
      const [low, high] = rangeOf(kind)
      return u => Math.min(high, Math.max(low, shift + scale * u))
    }
    case 'circular':
    case 'longitude': {
      const [from, to] = rangeOf(kind)
      return u => wrapped(shift + scale * u, from, to - from)
    }
    default:
      return kind satisfies never
  }
}

type Categorical = Extract<ColumnKind, { readonly _tag: 'categorical' }>

/** The codes of a column's categories by the labels that a table's cells are read as. */
const codesOf = ({ categories = [] }: Categorical): ReadonlyMap<number, number> => {
  const read = labelReader([])
  return new Map(categories.map((name, code) => [read(name)!, code]))
}

/** The numbers that stand for categories in samples: the categories themselves where all are numbers, else their places. */
const valuesOf = ({ categories = [] }: Categorical): ReadonlyArray<number> => {
  const numbers = categories.map(Number)
  return categories.some((name, i) => Number.isNaN(numbers[i]) || name === '') ? categories.map((_, i) => i) : numbers
}

/** The text of a category from the number that stands for it in samples; undefined for a column that is none of categories. */
export const categoryNames = ({ kind }: ColumnSchema): ((value: number) => string) | undefined => {
  if (kind?._tag !== 'categorical') return undefined
  const names = new Map(valuesOf(kind).map((value, i) => [value, kind.categories![i]!]))
  return value => names.get(value) ?? String(value)
}

/** What stands for the categories of a column in a table that was read, and their names; undefined for a column that is none of categories. */
export const categoryOfLabel = ({ kind }: ColumnSchema): ((label: number) => string) | undefined => {
  if (kind?._tag !== 'categorical') return undefined
  const names = new Map([...codesOf(kind)].map(([label, code]) => [label, kind.categories![code]!]))
  return label => names.get(label) ?? String(label)
}

/** The number that stands for a category in samples, from what a table's cell is read as; undefined for a column that is none of categories. */
export const numberOfLabel = ({ kind }: ColumnSchema): ((label: number) => number) | undefined => {
  if (kind?._tag !== 'categorical') return undefined
  const [codes, values] = [codesOf(kind), valuesOf(kind)]
  return label => values[codes.get(label) ?? -1] ?? NaN
}

/** What a table's cell of a category is read as; undefined for a column that is none of categories. */
export const categoryLabel = ({ kind }: ColumnSchema): ((name: number | string) => number) | undefined => {
  if (kind?._tag !== 'categorical') return undefined
  const read = labelReader([])
  return name => read(name) ?? NaN
}

/** What is wrong with a value of a column, in the words of an error; undefined where nothing is. NaN is not looked at. */
export const misfit = (column: Pick<ColumnSchema, 'kind' | 'step'>): ((x: number) => string | undefined) => {
  const { kind = real, step } = column
  const [low, high] = rangeOf(kind)
  switch (kind._tag) {
    case 'real':
    case 'circular':
    case 'longitude':
      return () => undefined
    case 'positive':
      return step === null ? x => (x > 0 ? undefined : 'a positive number') : x => (x >= 0 ? undefined : 'a number of at least 0')
    case 'categorical': {
      const codes = codesOf(kind)
      const names = kind.categories ?? []
      const expected = `one of ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`
      return x => (codes.has(x) ? undefined : expected)
    }
    case 'integer': {
      const range = `a whole number${kind.low === null ? '' : ` from ${kind.low}`}${kind.high === null ? '' : ` to ${kind.high}`}`
      return x => (Number.isSafeInteger(x) && x >= low && x < high ? undefined : range)
    }
    case 'bounded':
    case 'latitude':
      return x => (x >= low && x <= high ? undefined : `a number from ${low} to ${high}`)
    default:
      return kind satisfies never
  }
}
