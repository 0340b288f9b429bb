import { DataError, shownNumber } from './error.ts'
import type { Plan, PrepareOptions } from './plan.ts'
import type { Atom } from './repetition.ts'
import type { ColumnStatistics } from './statistics.ts'
import type { Survey } from './survey.ts'

/**
 * The values to mask, where atoms are found and may be masked.
 *
 * @throws DataError naming the column and its atoms, where they may not
 */
export const atomsOf = (
  { table, event }: Plan,
  { statistics: { columns } }: Survey,
  { atoms = 'refuse', steps = {} }: PrepareOptions,
): ReadonlyArray<{ readonly column: string; readonly atoms: ReadonlyArray<Atom> }> => {
  const found = columns
    .slice(0, event.length)
    .flatMap(({ name, repetition }) =>
      repetition._tag === 'atoms' && !Object.hasOwn(steps, name) ? [{ column: name, atoms: repetition.atoms }] : [],
    )
  const top = found.find(({ column }) => typeof atoms === 'string' || atoms[column] !== 'mask')
  if (top === undefined || atoms === 'mask') return found
  const shown = top.atoms
    .slice(0, 3)
    .map(({ value, share }) => `${shownNumber(value)} in ${Number((100 * share).toPrecision(2))} % of the rows`)
  throw new DataError({
    file: table.name,
    column: top.column,
    expected: 'a column of continuous values',
    actual: `${shown.join(', ')}${top.atoms.length > 3 ? `, and ${top.atoms.length - 3} more` : ''}`,
    advice: 'such a value has no density: leave the column out, or mask the rows that hold it',
  })
}

/** The values of each column to mask: those that were masked already and those found. */
export const masked = ({ event, masks }: Plan, found: ReturnType<typeof atomsOf>): { readonly [column: string]: ReadonlyArray<number> } => {
  const before = masks.map(({ column, value }) => [event[column]!, value] as const)
  const all = [...before, ...found.flatMap(({ column, atoms }) => atoms.map(({ value }) => [column, value] as const))]
  return Object.fromEntries(event.map(name => [name, all.filter(([column]) => column === name).map(([, value]) => value)]))
}

/**
 * The step of the noise that a column gets, null for none.
 *
 * @throws DataError where values repeat without a step that would explain it
 */
export const stepOf = ({ table }: Plan, column: ColumnStatistics, { dequantize = true, steps = {} }: PrepareOptions): number | null => {
  const { name, repetition, distinct, rows } = column
  if (!dequantize) return null
  if (Object.hasOwn(steps, name)) return steps[name]!
  if (repetition._tag === 'repeated')
    throw new DataError({
      file: table.name,
      column: name,
      expected: 'values that do not repeat, or repeat on a step that noise can fill',
      actual: `${distinct} distinct values in ${rows} rows${repetition.step === null ? '' : `, too few for their step of ${repetition.step}`}`,
      advice: 'are rows repeated? leave them or the column out, or say its step',
    })
  return repetition._tag === 'lattice' ? repetition.step : null
}
