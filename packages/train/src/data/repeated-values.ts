import type { ColumnKind } from '../table/kind.ts'
import { DataError, shownNumber } from './error.ts'
import type { Plan, PrepareOptions } from './plan.ts'
import type { Atom } from './repetition.ts'
import type { ColumnStatistics } from './statistics.ts'
import type { Survey } from './survey.ts'
import type { Mask } from './usable-rows.ts'

/** Whether a column's values have weights and no density. */
const isDiscrete = (kind: ColumnKind | undefined): boolean => kind?._tag === 'integer' || kind?._tag === 'categorical'

/**
 * The atoms that are to be masked.
 *
 * @throws DataError naming a column and its atoms, where they may not be masked
 */
export const atomsToMask = (
  { table, event, kinds }: Plan,
  { statistics: { columns } }: Survey,
  { atoms = 'refuse', steps = {}, dequantize = true }: PrepareOptions,
): ReadonlyArray<Mask> => {
  const mayMask = (name: string): boolean => atoms === 'mask' || (typeof atoms !== 'string' && atoms[name] === 'mask')
  const found = columns
    .slice(0, event.length)
    .flatMap(({ name, repetition }, column) =>
      repetition._tag === 'atoms' && !Object.hasOwn(steps, name) && !isDiscrete(kinds[name]?.kind)
        ? [{ name, column, atoms: repetition.atoms }]
        : [],
    )
  const refused = found.find(({ name }) => !mayMask(name))
  if (dequantize && refused !== undefined) throw refusal(table.name, refused.name, refused.atoms)
  return found.filter(({ name }) => mayMask(name)).flatMap(({ column, atoms: masked }) => masked.map(({ value }) => ({ column, value })))
}

const refusal = (file: string, column: string, atoms: ReadonlyArray<Atom>): DataError => {
  const shown = atoms
    .slice(0, 3)
    .map(({ value, share }) => `${shownNumber(value)} in ${Number((100 * share).toPrecision(2))} % of the rows`)
  return new DataError({
    file,
    column,
    expected: 'a column of continuous values',
    actual: `${shown.join(', ')}${atoms.length > 3 ? `, and ${atoms.length - 3} more` : ''}`,
    advice: 'such a value has no density: leave the column out, or mask the rows that hold it',
  })
}

/**
 * The step of the noise that a column gets, null for none.
 *
 * @throws DataError where values repeat without a step that would explain it
 */
export const stepOf = (
  { table, kinds }: Plan,
  column: ColumnStatistics,
  { dequantize = true, steps = {} }: PrepareOptions,
): number | null => {
  const { name, repetition, distinct, rows } = column
  if (!dequantize || isDiscrete(kinds[name]?.kind)) return null
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
