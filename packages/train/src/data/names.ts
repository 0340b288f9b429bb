import { DataError, quoted } from './error.ts'
import { maxColumns } from './source.ts'

/** The names of the columns of a table that has none: x1, x2, ... */
export const positionalNames = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, i) => `x${i + 1}`)

/**
 * Refuses names that cannot be told apart or cannot be keys of a row: empty, repeated, `__proto__`, with control
 * characters; and more than 10,000 of them.
 *
 * @throws DataError naming the column's place
 */
export const checkedNames = (file: string, names: ReadonlyArray<string>, line?: number): ReadonlyArray<string> => {
  const problem = (expected: string, actual: string, advice?: string): DataError => new DataError({ file, line, expected, actual, advice })
  if (names.length > maxColumns) throw problem(`at most ${maxColumns} columns`, `${names.length}`, 'is the delimiter right?')
  const seen = new Map<string, number>()
  names.forEach((name, i) => {
    if (name === '') throw problem(`a name for column ${i + 1}`, "''", 'name every column in the header (an index column?)')
    if (name === '__proto__') throw problem(`another name for column ${i + 1}`, "'__proto__', which no row can hold")
    // eslint-disable-next-line no-control-regex -- control characters are what it looks for
    if (/[\u0000-\u001f\u007f]/.test(name)) throw problem(`a name of printable characters for column ${i + 1}`, quoted(name))
    const first = seen.get(name)
    if (first !== undefined) throw problem('distinct column names', `${quoted(name)} for the columns ${first + 1} and ${i + 1}`)
    seen.set(name, i)
  })
  return [...names]
}
