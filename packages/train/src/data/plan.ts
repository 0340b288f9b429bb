import { foldIn, key, type Key } from '@diffeo/core'
import type { TableSchema } from '../table/kind.ts'
import { DataError } from './error.ts'
import { columnIndex, listed, select, type Source } from './source.ts'
import type { Fractions } from './split.ts'
import type { Mask } from './usable-rows.ts'

/** How a table is made ready for a fit. */
export interface PrepareOptions extends Fractions {
  /** The event's columns; all but `given` and `splitBy` unless said. */
  readonly columns?: ReadonlyArray<string>
  /** The conditioning columns. */
  readonly given?: ReadonlyArray<string>
  /** What a missing or infinite value does: end with an error ('refuse', unless said), or leave its row out ('drop'). */
  readonly missing?: 'refuse' | 'drop'
  /** Whether columns whose values repeat on a step get uniform noise of one step; true unless said. */
  readonly dequantize?: boolean
  /** Steps of columns, where the one that would be found is not the one of the instrument. */
  readonly steps?: { readonly [column: string]: number }
  /** Values that many rows share in a continuous column: an error ('refuse', unless said), leave these rows out ('mask'), everywhere or by column, or rows with the values given. */
  readonly atoms?: 'refuse' | 'mask' | { readonly [column: string]: 'mask' | ReadonlyArray<number> }
  /** A column (text or numbers) whose equal values stay in one part of the split. */
  readonly splitBy?: string
  readonly seed?: number
  /** Columns with the standard errors of others, by those. */
  readonly errors?: { readonly [column: string]: string }
  /** Whether the flow takes angles as such, for so many columns of numbers; otherwise circles are cut open. */
  readonly takesAngles?: (numbers: number) => boolean
  /** What the columns are; real numbers where it is not said. */
  readonly kinds?: TableSchema
}

/** What of a source is used, and how its rows are told apart. */
export interface Plan {
  /** The columns that are read, in the order event, conditioning, and the group's if it is none of these. */
  readonly table: Source
  readonly event: ReadonlyArray<string>
  readonly given: ReadonlyArray<string>
  /** The places in `table` of the columns that hold standard errors, for each of the event's columns that has one. */
  readonly errors: ReadonlyArray<{ readonly column: number; readonly at: number }>
  /** The place in `table` of the column whose rows stay together in a split. */
  readonly group: number | undefined
  readonly missing: 'refuse' | 'drop'
  readonly kinds: TableSchema
  readonly masks: ReadonlyArray<Mask>
  readonly fractions: Fractions
  readonly key: Key
}

/**
 * What to read, from the options.
 *
 * @param found  values to mask beside those that the options give
 * @throws DataError when a column is unknown, stands twice, or both in the event and among the conditioning ones
 */
export const planOf = (source: Source, options: PrepareOptions, found: ReadonlyArray<Mask>): Plan => {
  const {
    given = [],
    splitBy,
    missing = 'refuse',
    seed = 0,
    atoms = 'refuse',
    steps = {},
    validation = 0.1,
    test = 0.1,
    kinds = {},
  } = options
  const event = options.columns ?? source.columns.filter(name => !given.includes(name) && name !== splitBy)
  const problem = (expected: string, actual: string, column?: string): DataError =>
    new DataError({ file: source.name, column, expected, actual })
  if (event.length === 0) throw problem('at least one column to model', 'none')
  const both = event.find(name => given.includes(name))
  if (both !== undefined) throw problem('a column to be modelled or conditioned on', 'it in both', both)
  const values = typeof atoms === 'string' ? {} : atoms
  for (const name of [...Object.keys(values), ...Object.keys(steps)])
    if (!event.includes(name)) throw problem(`one of the modelled columns ${listed(event)}`, 'none of them', name)
  for (const [name, step] of Object.entries(steps))
    if (!(step > 0 && Number.isFinite(step))) throw problem('a positive step', `${step}`, name)
  const errors = Object.entries(options.errors ?? {})
  for (const [name, error] of errors) {
    if (!event.includes(name)) throw problem(`one of the modelled columns ${listed(event)}`, 'none of them', name)
    if (event.includes(error) || given.includes(error)) throw problem('a column of errors that is neither modelled nor given', 'it', error)
    const kind = kinds[name]?.kind._tag ?? 'real'
    if (kind !== 'real') throw problem('a column of real numbers, which errors can be added to', `one declared ${kind}`, name)
  }
  const used = [...event, ...given, ...new Set(errors.map(([, error]) => error))]
  const names = splitBy === undefined || used.includes(splitBy) ? used : [...used, splitBy]
  if (splitBy !== undefined) columnIndex(source, splitBy)
  return {
    table: select(source, names, { labels: names.filter(name => name === splitBy || kinds[name]?.kind._tag === 'categorical') }),
    event,
    given,
    errors: errors.map(([name, error]) => ({ column: event.indexOf(name), at: used.indexOf(error) })),
    group: splitBy === undefined ? undefined : names.indexOf(splitBy),
    missing,
    kinds,
    masks: [
      ...Object.entries(values).flatMap(([name, list]) =>
        list === 'mask' ? [] : list.map((value): Mask => ({ column: event.indexOf(name), value })),
      ),
      ...found,
    ],
    fractions: { validation, test },
    key: key(seed),
  }
}

/** The keys of the two uses of a seed. */
export const keysOf = (key: Key): { readonly split: Key; readonly noise: Key } => ({ split: foldIn(key, 0), noise: foldIn(key, 1) })
