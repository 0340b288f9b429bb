import { foldIn, key, normalArray, uniformArray } from '@diffeo/core'
import type { ColumnSchema } from '../data/schema.ts'
import { eventRange } from '../table/latent.ts'
import type { EventRange } from '../table/latent.ts'

/** Draws of the missing numbers of a row's event, and the log-density that each was drawn with. */
export interface Proposal {
  /** [draws, D]: the row with its missing numbers filled in. */
  readonly events: Float32Array
  readonly logDensity: Float64Array
}

/** Samples of the model that stand near a row tell where its missing numbers may be. */
export interface Pool {
  /** [size, D], on the real line: logs, logits, angles, codes. */
  readonly lines: Float64Array
  readonly size: number
  /** Of each column's numbers on the real line. */
  readonly deviations: Float64Array
  readonly means: Float64Array
}

/** How many samples nearest to a row its proposal is made of. */
const donors = 128
/** The share of draws that come from the whole pool's spread: no place is left without any. */
const broadShare = 0.1
/** Widths of the kernels, in deviations of the column: around a donor, and of the broad part. */
const [narrow, broad] = [0.4, 1.6]
/** How near a sample must be in the observed columns, in deviations. */
const nearness = 0.35
/** The distance between two categories, in the same units. */
const categoryDistance = 1.2

const toLine = (range: EventRange, u: number): number =>
  range === 'positive' ? Math.log(Math.max(u, 1e-38)) : range === 'unit' ? Math.log(u / (1 - u)) : u

const fromLine = (range: EventRange, y: number): number =>
  range === 'positive' ? Math.exp(y) : range === 'unit' ? 1 / (1 + Math.exp(-y)) : range === 'circle' ? onCircle(y) : y

/** log |dy / du| at y. */
const logSlope = (range: EventRange, y: number): number => {
  if (range === 'positive') return -y
  return range === 'unit' ? 2 * Math.log1p(Math.exp(-Math.abs(y))) + Math.abs(y) : 0
}

const onCircle = (y: number): number => y - 2 * Math.PI * Math.floor((y + Math.PI) / (2 * Math.PI))

/** A pool of samples of a flow, in the event's numbers. */
export const poolOf = (columns: ReadonlyArray<ColumnSchema>, samples: Float32Array): Pool => {
  const width = columns.length
  const size = samples.length / width
  const ranges = columns.map(eventRange)
  const lines = Float64Array.from(samples, (u, at) => Math.max(-80, Math.min(80, toLine(ranges[at % width]!, u))))
  const means = new Float64Array(width)
  const deviations = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < size; i++) means[j]! += lines[i * width + j]! / size
    for (let i = 0; i < size; i++) deviations[j]! += (lines[i * width + j]! - means[j]!) ** 2 / size
    deviations[j] = ranges[j] === 'circle' ? 1 : Math.max(1e-3, Math.sqrt(deviations[j]!))
  }
  return { lines, size, deviations, means }
}

/**
 * Draws for the missing numbers of a row (NaN in `event`): a mixture of kernels around the samples of the pool that are nearest in the
 * observed numbers, and of one broad component.
 *
 * @param row  the row's number: the draws depend on it alone
 */
export const propose = (columns: ReadonlyArray<ColumnSchema>, pool: Pool, event: Float32Array, draws: number, row: number): Proposal => {
  const width = columns.length
  const ranges = columns.map(eventRange)
  const counts = columns.map(({ kind }) => (kind?._tag === 'categorical' ? kind.categories!.length : 0))
  const missing = [...ranges.keys()].filter(j => Number.isNaN(event[j]))
  const near = nearest(ranges, pool, event)
  const source = foldIn(foldIn(key(0), 3_000_017), row)
  const uniforms = uniformArray(foldIn(source, 0), draws * (2 + missing.length))
  const normals = normalArray(foldIn(source, 1), draws * missing.length)
  const events = new Float32Array(draws * width)
  const logDensity = new Float64Array(draws)
  const frequency = frequencies(pool, width, counts)

  const drawAt = (d: number, k: number, centre: number | undefined): number => {
    const j = missing[k]!
    const u = uniforms[d * (2 + missing.length) + 2 + k]!
    if (ranges[j] === 'codes') {
      if (centre !== undefined && u < kept) return centre
      return pick(frequency[j]!, centre === undefined ? u : (u - kept) / (1 - kept))
    }
    if (ranges[j] === 'circle' && centre === undefined) return Math.PI * (2 * u - 1)
    const scale = (centre === undefined ? broad : narrow) * pool.deviations[j]!
    const y = (centre ?? pool.means[j]!) + scale * normals[d * missing.length + k]!
    return ranges[j] === 'circle' ? onCircle(y) : Math.max(-80, Math.min(80, y))
  }
  const logKernel = (j: number, y: number, centre: number | undefined): number => {
    if (ranges[j] === 'codes') {
      const p = frequency[j]![y]!
      return Math.log(centre === undefined ? p : (1 - kept) * p + (centre === y ? kept : 0))
    }
    if (ranges[j] === 'circle' && centre === undefined) return -Math.log(2 * Math.PI)
    const scale = (centre === undefined ? broad : narrow) * pool.deviations[j]!
    const gaussian = (distance: number): number => -0.5 * (distance / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI)
    const distance = y - (centre ?? pool.means[j]!)
    if (ranges[j] !== 'circle') return gaussian(distance)
    return logSum([-1, 0, 1].map(turn => gaussian(onCircle(distance) + 2 * Math.PI * turn)))
  }
  for (let d = 0; d < draws; d++) {
    const which = uniforms[d * (2 + missing.length)]!
    const donor =
      which < broadShare
        ? undefined
        : near[
            pick(
              near.map(({ weight }) => weight),
              uniforms[d * (2 + missing.length) + 1]!,
            )
          ]!.at
    const ys = missing.map((j, k) => drawAt(d, k, donor === undefined ? undefined : pool.lines[donor * width + j]!))
    events.set(event, d * width)
    missing.forEach((j, k) => {
      events[d * width + j] = fromLine(ranges[j]!, ys[k]!)
    })
    const parts = near.map(({ at, weight }) =>
      missing.reduce((sum, j, k) => sum + logKernel(j, ys[k]!, pool.lines[at * width + j]!), Math.log((1 - broadShare) * weight)),
    )
    const whole = missing.reduce((sum, j, k) => sum + logKernel(j, ys[k]!, undefined), Math.log(broadShare))
    logDensity[d] = logSum([...parts, whole]) + missing.reduce((sum, j, k) => sum + logSlope(ranges[j]!, ys[k]!), 0)
  }
  return { events, logDensity }
}

/** How often a category stays that of its donor. */
const kept = 0.7

/** The place at which cumulative weights pass u. */
const pick = (weights: ReadonlyArray<number>, u: number): number => {
  let rest = u
  for (let k = 0; k < weights.length - 1; k++) {
    rest -= weights[k]!
    if (rest < 0) return k
  }
  return weights.length - 1
}

const logSum = (values: ReadonlyArray<number>): number => {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return largest === -Infinity ? -Infinity : largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0))
}

/** The samples nearest to a row in what is observed of it, with their weights, which sum to 1. */
const nearest = (
  ranges: ReadonlyArray<EventRange>,
  { lines, size, deviations }: Pool,
  event: Float32Array,
): ReadonlyArray<{ readonly at: number; readonly weight: number }> => {
  const width = ranges.length
  const observed = [...ranges.keys()].filter(j => !Number.isNaN(event[j]))
  const y = observed.map(j => toLine(ranges[j]!, event[j]!))
  const distances = Float64Array.from({ length: size }, (_, i) =>
    observed.reduce((sum, j, k) => {
      const difference = lines[i * width + j]! - y[k]!
      if (ranges[j] === 'codes') return sum + (difference === 0 ? 0 : categoryDistance ** 2)
      return sum + (ranges[j] === 'circle' ? onCircle(difference) ** 2 : (difference / deviations[j]!) ** 2)
    }, 0),
  )
  const order = [...distances.keys()].sort((a, b) => distances[a]! - distances[b]!).slice(0, donors)
  // with many observed columns even the nearest sample is far: what counts is how much farther the others are
  const width2 = nearness ** 2 * Math.max(1, observed.length)
  const weights = order.map(at => Math.exp(-(distances[at]! - distances[order[0]!]!) / (2 * width2)))
  const total = weights.reduce((a, b) => a + b, 0)
  return order.map((at, k) => ({ at, weight: weights[k]! / total }))
}

/** How often each category stands in the pool, none never. */
const frequencies = ({ lines, size }: Pool, width: number, counts: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  counts.map((count, j) => {
    const tally = new Array<number>(count).fill(1)
    if (count > 0) for (let i = 0; i < size; i++) tally[lines[i * width + j]!]! += 1
    return tally.map(times => times / (size + count))
  })
