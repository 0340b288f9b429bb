import type { ColumnKind } from '../table/kind.ts'
import type { Note } from './notes.ts'
import type { Plan } from './plan.ts'
import { repeatedRows, repeatsAcross } from './repeated-rows.ts'
import type { ColumnSchema, Schema } from './schema.ts'
import type { ColumnStatistics } from './statistics.ts'
import type { Survey } from './survey.ts'

/** What a report should say of the data. */
export const notesOf = (plan: Plan, first: Survey, schema: Schema): ReadonlyArray<Note> => {
  const { read, rows, dropped, hashes, splits, groups, statistics } = first
  const { columns, sample } = statistics
  const heldOut = splits.validation.length + splits.test.length
  const [across, repeated] = [repeatsAcross(hashes, splits), repeatedRows(hashes)]
  const cells = plan.table.columns.map((name, j) => [name, dropped.cells[j]!] as const).filter(([, count]) => count > 0)
  return [
    ...(dropped.rows > 0
      ? [
          {
            _tag: allowed(plan) ? 'completeRows' : 'rowsDropped',
            count: dropped.rows,
            of: read,
            columns: Object.fromEntries(cells),
          } as const,
        ]
      : []),
    ...(plan.errors.length > 0 ? [{ _tag: 'errors', columns: plan.errors.map(({ column }) => plan.event[column]!) } as const] : []),
    ...plan.masks.map(({ column, value }, k): Note => ({
      _tag: 'rowsMasked',
      column: plan.event[column]!,
      value,
      count: dropped.masked[k]!,
      of: read,
    })),
    ...schema.columns.flatMap(({ step, kind }, j) =>
      isCategorical(kind) ? [] : repetitionNote(columns[j]!, step, kind?._tag === 'integer'),
    ),
    ...(groups === undefined
      ? []
      : [{ _tag: 'groups', column: plan.table.columns[plan.group!]!, train: groups[0], validation: groups[1], test: groups[2] } as const]),
    ...(across > 0 ? [{ _tag: 'repeatedAcrossSplits', count: across, of: heldOut } as const] : []),
    ...(repeated > rows / 2 ? [{ _tag: 'repeatedRows', count: repeated, of: rows } as const] : []),
    ...[...schema.columns, ...schema.given].flatMap((column, j) =>
      isCategorical(column.kind) ? [] : precisionNote(column, j, columns.length, sample),
    ),
  ]
}

/** Whether some cells may be missing. */
const allowed = ({ event, given, kinds }: Plan): boolean => [...event, ...given].some(name => kinds[name]?.missing === true)

const isCategorical = (kind: ColumnKind | undefined): boolean => kind?._tag === 'categorical'

const repetitionNote = (
  { name: column, repetition, distinct, rows, common }: ColumnStatistics,
  step: number | null,
  whole: boolean,
): ReadonlyArray<Note> => {
  if (whole) return [{ _tag: 'wholeNumbers', column }]
  if (step !== null) return [{ _tag: 'dequantized', column, step, distinct, rows }]
  if (repetition._tag === 'continuous') return []
  return [{ _tag: 'repeats', column, step: repetition._tag === 'atoms' ? null : repetition.step, distinct, rows, ...common }]
}

/** Float32 holds 24 bits of z: neighbours in a sample that fall together were lost. */
const precisionNote = (
  { name: column, shift, scale }: ColumnSchema,
  j: number,
  width: number,
  { rows, values }: { readonly rows: number; readonly values: Float64Array },
): ReadonlyArray<Note> => {
  const sorted = Float64Array.from({ length: rows }, (_, i) => values[i * width + j]!).sort()
  const z = Float32Array.from(sorted, x => (x - shift) / scale)
  let [neighbours, lost] = [0, 0]
  for (let i = 1; i < rows; i++) {
    if (sorted[i] === sorted[i - 1]) continue
    neighbours += 1
    if (z[i] === z[i - 1]) lost += 1
  }
  return lost > 0.01 * neighbours ? [{ _tag: 'precision', column, share: lost / neighbours }] : []
}
