/** What is wrong with a person's data, and where. `row` counts data rows from 1, `line` the lines of the file from 1. */
export interface DataProblem {
  readonly file: string
  readonly row?: number | undefined
  readonly line?: number | undefined
  readonly column?: string | undefined
  readonly expected: string
  readonly actual: string
  /** What the person can do about it. */
  readonly advice?: string | undefined
  /** The names that would have been right, where a name was wrong. */
  readonly candidates?: ReadonlyArray<string> | undefined
}

/**
 * Bad data: `power.csv: row 18, column 'voltage': expected a number, got 'abc' (line 19); <what to do>`.
 *
 * A class, since only subclasses of Error carry a stack and are told apart by `instanceof`.
 */
export class DataError extends Error {
  readonly file: string
  readonly row: number | undefined
  readonly line: number | undefined
  readonly column: string | undefined
  readonly expected: string
  readonly actual: string
  readonly advice: string | undefined
  readonly candidates: ReadonlyArray<string> | undefined

  constructor(problem: DataProblem) {
    super(message(problem))
    this.name = 'DataError'
    this.file = problem.file
    this.row = problem.row
    this.line = problem.line
    this.column = problem.column
    this.expected = problem.expected
    this.actual = problem.actual
    this.advice = problem.advice
    this.candidates = problem.candidates
  }
}

/** A cell's text as an error shows it: in quotes, at most 40 characters of it, control characters escaped. */
export const quoted = (text: string): string => {
  const cut = text.length > 40 ? `${text.slice(0, 40)}...` : text
  return `'${escaped(cut)}'`
}

/** Text without control characters: a file's content never writes to the terminal as it likes. */
export const escaped = (text: string): string => text.replace(unprintable, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** A number as a person wrote it: the shortest digits that give it, in float32 where it is a float32 number. */
export const shownNumber = (x: number): string => {
  if (Math.fround(x) !== x) return `${x}`
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(d => Math.fround(Number(x.toPrecision(d))) === x)
  return `${digits === undefined ? x : Number(x.toPrecision(digits))}`
}

const message = ({ file, row, line, column, expected, actual, advice }: DataProblem): string => {
  const place = [row === undefined ? undefined : `row ${row}`, column === undefined ? undefined : `column ${quoted(column)}`]
    .filter(part => part !== undefined)
    .join(', ')
  const where = place === '' ? escaped(file) : `${escaped(file)}: ${place}`
  return `${where}: expected ${expected}, got ${actual}${line === undefined ? '' : ` (line ${line})`}${advice === undefined ? '' : `; ${advice}`}`
}
