import { DataError, quoted } from '../data/error.ts'
import { latticeOf } from '../data/lattice.ts'
import type { Source } from '../data/source.ts'
import { sourceFrom } from '../data/table-from.ts'
import type { Data } from '../model/contract.ts'
import { mostCategories } from './kind.ts'
import type { ColumnDeclaration, ColumnKind, TableSchema } from './kind.ts'
import { profileOf } from './profile.ts'
import type { ColumnProfile } from './profile.ts'

/** Whole numbers of no more distinct values than these are categories. */
const fewValues = 10
/** A category must stand in so many rows on average. */
const rowsPerCategory = 20

/**
 * What the columns of a table are, by rules over their values; a column's name is a hint that counts only where the values agree. The
 * rules, in order:
 *
 *   1. text, or at most two different whole numbers       categorical
 *   2. named like an angle or an hour, and the values go round (within [0, 360], [-180, 180], [0, 2 pi], [-pi, pi] or [0, 24],
 *      over at least three quarters of it)                degrees, radians, hours, longitude
 *      named like a latitude, within [-90, 90]            latitude
 *   3. whole numbers: at most 10 different ones, each in 20 rows on average: categorical; otherwise integer, from 0 where they begin
 *      near it, within (0, 100) where they are named like a percentage
 *   4. numbers within [0, 1] over at least half of it, or within [0, 100] and named like a percentage     bounded
 *   5. numbers above 0 that are skewed (skewness above 1/2), and less so in their logarithms              positive
 *   6. anything else                                                                                      real
 *
 * Cells may be missing in the columns that have missing ones.
 *
 * @param columns those to look at; all unless said
 * @throws DataError naming a column of texts of which hardly two are the same
 * @example const schema = await inferSchema(await readTable('weather.csv'))
 */
export const inferSchema = async (data: Data, columns?: ReadonlyArray<string>): Promise<TableSchema> => {
  const source = await sourceFrom(data)
  const profiles = await profileOf(source, columns ?? source.columns)
  return Object.fromEntries(profiles.map(profile => [profile.name, declarationOf(source, profile)]))
}

const declarationOf = (source: Source, profile: ColumnProfile): ColumnDeclaration => ({
  kind: kindOf(source, profile),
  missing: profile.missing > 0,
})

const kindOf = (source: Source, profile: ColumnProfile): ColumnKind => {
  const { textCells, whole, counts, rows, missing } = profile
  if (textCells > 0) return ofTexts(source, profile)
  if (rows === missing) return { _tag: 'real' }
  if (whole && counts.distinct === 2) return { _tag: 'categorical', categories: categoriesOf(profile) }
  const hinted = byName(profile)
  if (hinted !== undefined) return hinted
  if (whole) return ofWholeNumbers(profile)
  return ofNumbers(profile)
}

const ofTexts = (source: Source, profile: ColumnProfile): ColumnKind => {
  const { counts, rows, missing, name, texts, textCells } = profile
  if (counts.distinct <= mostCategories && (counts.distinct <= fewValues || 2 * counts.distinct <= rows - missing))
    return counts.distinct < 2 ? { _tag: 'categorical' } : { _tag: 'categorical', categories: categoriesOf(profile) }
  const [example = ''] = texts.values()
  throw new DataError({
    file: source.name,
    column: name,
    expected: 'numbers, or texts that stand for a few categories',
    actual: `${textCells} cells of text such as ${quoted(example)}, ${counts.distinct} of them different`,
    advice: 'leave the column out',
  })
}

/** The categories that stand in a column, numbers first, each group in order. */
export const categoriesOf = ({ counts, texts }: ColumnProfile): ReadonlyArray<string> => {
  const labels = Array.from(counts.values)
  const numbers = labels.filter(label => !texts.has(label)).sort((a, b) => a - b)
  const names = labels.flatMap(label => (texts.has(label) ? [texts.get(label)!] : []))
  return [...numbers.map(String), ...names.sort()]
}

const ofWholeNumbers = (profile: ColumnProfile): ColumnKind => {
  const { counts, rows, missing, min, max } = profile
  const present = rows - missing
  if (counts.distinct >= 2 && counts.distinct <= fewValues && counts.distinct * rowsPerCategory <= present)
    return { _tag: 'categorical', categories: categoriesOf(profile) }
  if (min >= 0 && max <= 100 && isNamed(profile, percentages)) return { _tag: 'integer', low: 0, high: 100 }
  return { _tag: 'integer', low: min >= 0 && min <= (max - min) / 10 ? 0 : null, high: null }
}

const ofNumbers = (profile: ColumnProfile): ColumnKind => {
  const { min, max, sample } = profile
  if (min >= 0 && max <= 1 && max - min >= 0.5) return { _tag: 'bounded', low: 0, high: 1 }
  if (min >= 0 && max <= 100 && max - min >= 25 && isNamed(profile, percentages)) return { _tag: 'bounded', low: 0, high: 100 }
  if (!(min > 0 || (min === 0 && hasStep(sample)))) return { _tag: 'real' }
  const step = min > 0 ? 0 : min
  const skewed = skewness(sample)
  return skewed > 0.5 && Math.abs(skewness(sample.filter(x => x > step).map(Math.log))) < skewed ? { _tag: 'positive' } : { _tag: 'real' }
}

/** Whether values lie on a grid of few steps, so that noise of a step will be added: 0 is then no end. */
const hasStep = (sample: Float64Array): boolean => {
  const distinct = Float64Array.from(new Set(sample)).sort()
  return distinct.length >= 2 && distinct.length < sample.length / 2 && latticeOf(distinct) !== undefined
}

const skewness = (values: Float64Array): number => {
  const n = values.length
  const mean = values.reduce((sum, x) => sum + x, 0) / n
  const [second, third] = values.reduce(([a, b], x) => [a + (x - mean) ** 2 / n, b + (x - mean) ** 3 / n], [0, 0])
  return second! > 0 ? third! / second! ** 1.5 : 0
}

const angles = [
  'dir',
  'direction',
  'angle',
  'azimuth',
  'bearing',
  'heading',
  'phase',
  'theta',
  'phi',
  'deg',
  'degrees',
  'aspect',
  'orientation',
]
const hours = ['hour', 'hours', 'hr', 'time']
const latitudes = ['lat', 'latitude']
const longitudes = ['lon', 'lng', 'long', 'longitude']
const percentages = ['percent', 'percentage', 'pct', 'humidity', 'humid', 'rh']

/** Whether one of the words of a name is among some: wind_dir, windDir and 'Wind dir.' have the words wind and dir. */
const isNamed = ({ name }: ColumnProfile, words: ReadonlyArray<string>): boolean =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .some(word => words.includes(word))

/** The kind that a name hints at, where the values agree: they lie on the circle and go round most of it. */
const byName = (profile: ColumnProfile): ColumnKind | undefined => {
  const { min, max } = profile
  const around = (from: number, to: number): boolean => min >= from && max <= to && max - min >= 0.75 * (to - from)
  const first = (circles: ReadonlyArray<readonly [number, number]>): ColumnKind | undefined => {
    const circle = circles.find(([from, to]) => around(from, to))
    return circle === undefined ? undefined : { _tag: 'circular', from: circle[0], to: circle[1] }
  }
  if (isNamed(profile, latitudes) && min >= -90 && max <= 90) return { _tag: 'latitude' }
  if (isNamed(profile, longitudes) && min >= -180 && max <= 180) return { _tag: 'longitude' }
  if (isNamed(profile, longitudes)) return first([[0, 360]])
  if (isNamed(profile, hours)) return first([[0, 24]])
  if (isNamed(profile, angles))
    return first([
      [0, 2 * Math.PI],
      [-Math.PI, Math.PI],
      [0, 360],
      [-180, 180],
    ])
  return undefined
}
