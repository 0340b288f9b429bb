import type { ColumnSchema } from '../data/schema.ts'
import type { ColumnStatistics } from '../data/statistics.ts'
import { isCircular, rangeOf } from './kind.ts'
import type { ColumnKind } from './kind.ts'
import { toEvent } from './place.ts'

/** Where the numbers of a column's event lie. */
export type EventRange = 'real' | 'positive' | 'unit' | 'circle' | 'codes'

/** The range of a column's event: all reals, above 0, within (0, 1), angles, or codes of categories. */
export const eventRange = ({ kind, cut }: Pick<ColumnSchema, 'kind' | 'cut'>): EventRange => {
  if (kind === undefined) return 'real'
  if (kind._tag === 'categorical') return 'codes'
  if (isCircular(kind)) return cut === undefined ? 'circle' : 'unit'
  const [low, high] = rangeOf(kind)
  if (low === -Infinity) return 'real'
  return high === Infinity ? 'positive' : 'unit'
}

/** Where a column's numbers lie once they are mapped to the real line: by log or logit, or as they are. */
export interface Moments {
  readonly mean: number
  /** Positive. */
  readonly deviation: number
}

/**
 * A column's schema: where its values go before the flow sees them.
 *
 *   real                  mean and deviation
 *   positive              from 0, in units of the geometric mean
 *   bounded, latitude     from `low`, in units of the range
 *   integer               like one of these, its cells [k, k + 1) filled with noise
 *   circular, longitude   angles in radians; where much of the circle is empty, cut open there, in turns from the cut
 *   categorical           codes
 *
 * @param values some of the column's values, for what the statistics do not tell; a circle is never cut without any
 * @param leastEmpty the share of a circle that must be empty for it to be cut
 */
export const columnSchemaOf = (
  { name, mean, deviation }: ColumnStatistics,
  {
    kind,
    missing,
    step: found,
    atoms,
  }: {
    readonly kind: ColumnKind | undefined
    readonly missing: boolean
    readonly step: number | null
    readonly atoms: ReadonlyArray<number>
  },
  values: Float64Array = new Float64Array(0),
  leastEmpty = 0.5,
): ColumnSchema => {
  const step = kind?._tag === 'integer' ? 1 : kind?._tag === 'categorical' ? null : found
  const noise = step ?? 0
  const placed = (shift: number, scale: number, cut = false): ColumnSchema => ({
    name,
    shift,
    scale,
    step,
    atoms,
    ...(kind !== undefined && kind._tag !== 'real' && { kind }),
    ...(missing && { missing: true as const }),
    ...(cut && { cut: true as const }),
  })
  const [low, high] = rangeOf(kind ?? { _tag: 'real' })
  const range = eventRange(kind === undefined ? {} : { kind })
  switch (range) {
    case 'codes':
      return placed(0, 1)
    case 'circle': {
      const cut = emptyMiddle(values, low, high - low, noise, leastEmpty)
      return cut === undefined ? placed((low + high) / 2, (high - low) / (2 * Math.PI)) : placed(cut, high - low, true)
    }
    case 'unit':
      return placed(low, high - low + (kind?._tag === 'integer' ? 0 : noise))
    case 'positive':
      return placed(low, geometricMean(values.map(x => x - low + noise / 2)))
    case 'real':
      return placed(mean + noise / 2, Math.sqrt(deviation ** 2 + noise ** 2 / 12))
    default:
      return range satisfies never
  }
}

const geometricMean = (values: Float64Array): number => {
  const logs = values.filter(x => x > 0).map(Math.log)
  return logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length)
}

/** The middle of the largest arc of a circle without any value, if it is as long as asked for; a value fills its cell of a step. */
const emptyMiddle = (values: Float64Array, from: number, period: number, step: number, leastEmpty: number): number | undefined => {
  const sorted = values.map(x => ((((x - from) % period) + period) % period) + from).sort()
  if (sorted.length === 0) return undefined
  const last = sorted.length - 1
  const gaps = sorted.map((x, i) => (i === last ? sorted[0]! + period : sorted[i + 1]!) - x)
  const at = gaps.indexOf(gaps.reduce((a, b) => Math.max(a, b), 0))
  if (gaps[at]! < leastEmpty * period) return undefined
  return sorted[at]! + step + Math.max(0, gaps[at]! - step) / 2
}

/** Mean and deviation of a column's numbers on the real line, from some of its values. */
export const momentsOf = (column: ColumnSchema, values: Float64Array): Moments => {
  const range = eventRange(column)
  if (range === 'real' || range === 'circle' || range === 'codes') return { mean: 0, deviation: 1 }
  const place = toEvent(column)
  const line = range === 'positive' ? Math.log : (u: number): number => Math.log(u / (1 - u))
  const numbers = values.map(x => line(place(x + (column.step ?? 0) / 2))).filter(Number.isFinite)
  if (numbers.length < 2) return { mean: 0, deviation: 1 }
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length
  const deviation = Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length)
  return { mean, deviation: deviation > 1e-6 ? deviation : 1 }
}
