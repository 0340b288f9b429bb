import { correlatedInSample, equalColumns, perfect, type Pair } from './dependence.ts'
import { DataError, quoted } from './error.ts'
import type { Plan } from './plan.ts'
import { parts } from './split.ts'
import { exactCorrelations, type Survey } from './survey.ts'

/** With fewer rows a density is a guess. */
const minRows = 20

/**
 * Refuses too few rows.
 *
 * @throws DataError for fewer than 20 usable ones, fewer to train on than columns, or a part of the split without any
 */
export const expectRows = (plan: Plan, { read, rows, splits, groups, dropped }: Survey): void => {
  const { table, event, given, fractions } = plan
  const problem = (expected: string, actual: string, advice?: string): DataError =>
    new DataError({ file: table.name, expected, actual, advice })
  if (read === 0) throw problem('rows of numbers', 'none')
  const without = read === rows ? '' : ` of ${read} (${dropped.rows} with missing values, ${read - rows - dropped.rows} masked)`
  if (rows < minRows) throw problem(`at least ${minRows} usable rows`, `${rows}${without}`)
  for (const part of parts) {
    const wanted = part === 'train' ? 1 : fractions[part]!
    if (wanted > 0 && splits[part].length === 0)
      throw problem(
        `rows for each part of the split`,
        `none for ${part}${groups === undefined ? '' : ` from ${groups[0] + groups[1] + groups[2]} groups`}`,
      )
  }
  const width = event.length + given.length
  if (splits.train.length <= width) throw problem(`more rows to train on than columns (${width})`, `${splits.train.length}`)
}

/**
 * Refuses columns that are constant, or vary in the last bits of float64 only.
 *
 * @throws DataError naming the column, or that all rows are equal
 */
export const expectVariation = ({ table }: Plan, { statistics: { columns } }: Survey): void => {
  const constant = columns.filter(({ min, max }) => min === max)
  const problem = (expected: string, actual: string, column?: string): DataError =>
    new DataError({ file: table.name, column, expected, actual, advice: column === undefined ? undefined : 'leave the column out' })
  if (constant.length === columns.length && columns.length > 1) throw problem('rows that differ', `${columns[0]!.rows} equal ones`)
  if (constant.length > 0) throw problem('values that vary', `${constant[0]!.min} in every row`, constant[0]!.name)
  const flat = columns.find(({ min, max, deviation }) => !(max - min > 2 ** -40 * Math.max(Math.abs(min), Math.abs(max)) && deviation > 0))
  if (flat !== undefined) throw problem('values that vary in more than their last digits', `${flat.min} to ${flat.max}`, flat.name)
}

/**
 * Refuses a column that is a linear function of another one.
 *
 * @throws DataError naming both
 */
export const expectIndependence = async (plan: Plan, first: Survey): Promise<void> => {
  const { columns, hashes, sample } = first.statistics
  // conditioning columns among themselves may depend on each other as they like
  // categories have weights, whatever else determines them
  const isCategorical = (j: number): boolean => plan.kinds[columns[j]!.name]?.kind._tag === 'categorical'
  const concerns = ([a, b]: Pair): boolean => a < plan.event.length && !isCategorical(a) && !isCategorical(b)
  const problem = ([a, b]: Pair, actual: string): DataError =>
    new DataError({
      file: plan.table.name,
      column: columns[b]!.name,
      expected: `values that ${quoted(columns[a]!.name)} does not determine`,
      actual,
      advice: 'together they have no density; leave one of them out',
    })
  const equal = equalColumns(hashes).find(concerns)
  if (equal !== undefined) throw problem(equal, 'the same values in every row')
  const suspects = correlatedInSample(sample.values, sample.rows, columns.length).filter(concerns)
  if (suspects.length === 0) return
  const exact = await exactCorrelations(plan, first, columns, suspects)
  const k = exact.findIndex(r => Math.abs(r) > perfect)
  if (k >= 0) throw problem(suspects[k]!, `a correlation of ${exact[k]! > 0 ? 1 : -1}`)
}
