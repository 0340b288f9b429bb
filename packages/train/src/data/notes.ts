import { quoted, shownNumber } from './error.ts'

/** A remark on how data was prepared, for the report. */
export type Note =
  /** Noise of one step was added to a column whose values repeat on it. */
  | { readonly _tag: 'dequantized'; readonly column: string; readonly step: number; readonly distinct: number; readonly rows: number }
  /** A column's values repeat and were kept as they are: it has no density, log-densities mean nothing. */
  | {
      readonly _tag: 'repeats'
      readonly column: string
      readonly step: number | null
      readonly distinct: number
      readonly rows: number
      readonly value: number
      readonly share: number
    }
  /** Rows with a missing or infinite value were dropped; how many such cells each column had. */
  | { readonly _tag: 'rowsDropped'; readonly count: number; readonly of: number; readonly columns: Readonly<Record<string, number>> }
  /** Rows with a missing cell where it may be missing: training used the others. */
  | { readonly _tag: 'completeRows'; readonly count: number; readonly of: number; readonly columns: Readonly<Record<string, number>> }
  /** A column of whole numbers: its scores are lower bounds. */
  | { readonly _tag: 'wholeNumbers'; readonly column: string }
  /** Columns whose values are drawn within their known errors. */
  | { readonly _tag: 'errors'; readonly columns: ReadonlyArray<string> }
  /** Rows with this value were left out. */
  | { readonly _tag: 'rowsMasked'; readonly column: string; readonly value: number; readonly count: number; readonly of: number }
  /** Validation and test rows that stand in the training rows too. */
  | { readonly _tag: 'repeatedAcrossSplits'; readonly count: number; readonly of: number }
  /** Rows that equal an earlier one, where they are more than half. */
  | { readonly _tag: 'repeatedRows'; readonly count: number; readonly of: number }
  /** How many groups each part holds. */
  | { readonly _tag: 'groups'; readonly column: string; readonly train: number; readonly validation: number; readonly test: number }
  /** Standardized in float32, this share of neighbouring values cannot be told apart any more. */
  | { readonly _tag: 'precision'; readonly column: string; readonly share: number }

/** A note as a sentence. */
export const describeNote = (note: Note): string => {
  switch (note._tag) {
    case 'dequantized':
      return `The values of ${quoted(note.column)} repeat on a step of ${note.step} (${note.distinct} distinct values in ${note.rows} rows): uniform noise on [0, ${note.step}) was added.`
    case 'repeats':
      return `The values of ${quoted(note.column)} repeat${note.step === null ? '' : ` on a step of ${note.step}`} (${note.distinct} distinct values in ${note.rows} rows; ${shownNumber(note.value)} in ${percent(note.share)} of them) and were kept as they are: the column has no density, and the nats mean nothing.`
    case 'rowsDropped':
      return `${note.count} of ${note.of} rows were dropped for a missing or infinite value (${Object.entries(note.columns)
        .map(([column, count]) => `${quoted(column)} ${count}`)
        .join(', ')}).`
    case 'completeRows':
      return `${note.count} of ${note.of} rows have missing cells (${Object.entries(note.columns)
        .map(([column, count]) => `${quoted(column)} ${count}`)
        .join(', ')}): the flow was trained on the ${note.of - note.count} complete rows.`
    case 'wholeNumbers':
      return `${quoted(note.column)} holds whole numbers: noise on [0, 1) was added for training, and log-probabilities are lower bounds.`
    case 'errors':
      return `Every training step draws the values of ${note.columns.map(quoted).join(', ')} within their known errors; rows held out are drawn once.`
    case 'rowsMasked':
      return `${note.count} of ${note.of} rows hold ${shownNumber(note.value)} in ${quoted(note.column)} and were left out: the density is that of the others.`
    case 'repeatedAcrossSplits':
      return `${note.count} of ${note.of} held-out rows also stand among the training rows.`
    case 'repeatedRows':
      return `${note.count} of ${note.of} rows equal an earlier one.`
    case 'groups':
      return `Rows of one ${quoted(note.column)} were kept together: ${note.train} groups to train on, ${note.validation} to validate, ${note.test} to test.`
    case 'precision':
      return `Standardized in float32, ${percent(note.share)} of the neighbouring values of ${quoted(note.column)} cannot be told apart: is there a value far from all others?`
    default:
      return note satisfies never
  }
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
