import { correlations, type Pair } from './dependence.ts'
import { misfit } from '../table/place.ts'
import { rowHash } from './repeated-rows.ts'
import { keysOf, type Plan } from './plan.ts'
import type { Chunk } from './source.ts'
import { assignments, gathered, groupAssignments, type Split } from './split.ts'
import { tableStatistics, type ColumnStatistics, type TableStatistics } from './statistics.ts'
import { rowFilter, type CellRule, type Dropped } from './usable-rows.ts'

/** What the first reading tells. */
export interface Survey {
  readonly read: number
  /** Usable rows. */
  readonly rows: number
  readonly dropped: Dropped
  readonly splits: Split
  /** A hash of each usable row's event and conditioning values. */
  readonly hashes: Float64Array
  /** The number of groups in each part. */
  readonly groups: readonly [train: number, validation: number, test: number] | undefined
  /** Of the training rows, of the event's columns and the conditioning ones. */
  readonly statistics: ReturnType<TableStatistics['result']>
}

/** Usable rows of a chunk. */
export interface UsableRows {
  readonly rows: number
  /** Row-major, as wide as the plan's table. */
  readonly values: Float64Array
  /** The number of each row in the source, from 1. */
  readonly numbers: Float64Array
}

/** What the kinds of the columns ask of their cells; steps are known only once a table was read. */
const rulesOf = (plan: Plan, steps: ReadonlyArray<number | null> | undefined): ReadonlyArray<CellRule> =>
  [...plan.event, ...plan.given]
    .map((name, j) => {
      const { kind, missing = false } = plan.kinds[name] ?? {}
      const step = steps === undefined ? 1 : (steps[j] ?? null)
      return { missing, misfit: misfit({ step, ...(kind !== undefined && { kind }) }) }
    })
    .concat(plan.errors.length === 0 ? [] : errorRules(plan))

/** Standard errors are not negative. */
const errorRules = ({ event, given, errors }: Plan): ReadonlyArray<CellRule> =>
  Array.from({ length: new Set(errors.map(({ at }) => at)).size }, (_, k) => event.length + given.length + k).map(() => ({
    missing: false,
    misfit: x => (x >= 0 ? undefined : 'a standard error of at least 0'),
  }))

/**
 * The usable rows of a plan's table, chunk by chunk, and what was left out, once they are read.
 *
 * @param steps of the columns, once they are known
 */
export const usableRows = (
  plan: Plan,
  steps?: ReadonlyArray<number | null>,
): { readonly chunks: AsyncIterable<UsableRows>; dropped(): Dropped; read(): number } => {
  const { table, missing, masks } = plan
  const filter = rowFilter(table.name, table.columns, missing, masks, rulesOf(plan, steps))
  let read = 0
  const compact = (chunk: Chunk): UsableRows => {
    const width = table.columns.length
    const kept = Array.from({ length: chunk.rows }, (_, i) => i).filter(i => filter.usable(chunk, i))
    read += chunk.rows
    const values = new Float64Array(kept.length * width)
    kept.forEach((i, at) => values.set(chunk.values.subarray(i * width, (i + 1) * width), at * width))
    return { rows: kept.length, values, numbers: Float64Array.from(kept, i => chunk.firstRow + i) }
  }
  const chunks = async function* (): AsyncGenerator<UsableRows, void, undefined> {
    for await (const chunk of table.chunks()) yield compact(chunk)
  }
  return { chunks: chunks(), dropped: filter.dropped, read: () => read }
}

/** The first reading: the split of the usable rows, statistics of those to train on, a hash of each. */
export const survey = async (plan: Plan): Promise<Survey> => {
  const { table, event, given, group, fractions, key } = plan
  const width = table.columns.length
  const used = event.length + given.length
  const next = assignments(keysOf(key).split, fractions)
  const groups = group === undefined ? undefined : groupAssignments(keysOf(key).split, fractions)
  const statistics = tableStatistics([...event, ...given])
  const codes = growing(n => new Uint8Array(n))
  const hashes = growing(n => new Float64Array(n))
  const { chunks, dropped, read } = usableRows(plan)
  for await (const { rows, values } of chunks)
    for (let i = 0; i < rows; i++) {
      const part = groups === undefined ? next() : groups.part(values[i * width + group!]!)
      codes.push(part)
      hashes.push(rowHash(values, i * width, used))
      if (part === 0) statistics.add(values, i * width)
    }
  return {
    read: read(),
    rows: codes.values().length,
    dropped: dropped(),
    splits: gathered(codes.values()),
    hashes: hashes.values(),
    groups: groups?.counts(),
    statistics: statistics.result(),
  }
}

/** The correlations of pairs of columns over the training rows: one more reading. */
export const exactCorrelations = async (
  plan: Plan,
  { splits }: Survey,
  columns: ReadonlyArray<ColumnStatistics>,
  pairs: ReadonlyArray<Pair>,
): Promise<ReadonlyArray<number>> => {
  const width = plan.table.columns.length
  const sums = correlations(columns, pairs)
  let [row, next] = [0, 0]
  for await (const { rows, values } of usableRows(plan).chunks)
    for (let i = 0; i < rows; i++, row++) {
      if (splits.train[next] !== row) continue
      next += 1
      sums.add(values, i * width)
    }
  return sums.result()
}

/** A typed array that doubles as it fills. */
const growing = <A extends Uint8Array | Float64Array>(make: (length: number) => A): { push(x: number): void; values(): A } => {
  let [held, length] = [make(1024), 0]
  const push = (x: number): void => {
    if (length === held.length) {
      const more = make(2 * length)
      more.set(held)
      held = more
    }
    held[length++] = x
  }
  return { push, values: () => held.slice(0, length) as A }
}
