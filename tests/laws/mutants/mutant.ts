/** What is wrong. */
export type MutantKind =
  | 'sign'
  | 'off by one'
  | 'dropped log-det'
  | 'dropped term'
  | 'dropped factor'
  | 'clipped NaN'
  | 'swapped branch'
  | 'wrong bound'
  | 'wrong direction'
  | 'wrong gradient'

/** An error planted in the sources. */
export interface Mutant {
  readonly kind: MutantKind
  /** Under packages/core/src. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** The names of members of the law tables that should see it, or what they start with. */
  readonly sees: ReadonlyArray<string>
  /** Test files that should, where no table does. */
  readonly tests: ReadonlyArray<string>
}

/** Kind, file, text, what takes its place, what sees it: names of members, and test files, which hold a slash. */
export type Entry = readonly [MutantKind, string, string, string, ...string[]]

/** @param folder under packages/core/src */
export const mutantsIn = (folder: string, entries: ReadonlyArray<Entry>): ReadonlyArray<Mutant> =>
  entries.map(([kind, file, find, replace, ...by]) => ({
    kind,
    file: `${folder}/${file}.ts`,
    find,
    replace,
    sees: by.filter(name => !name.endsWith('.test.ts')),
    tests: by.filter(name => name.endsWith('.test.ts')),
  }))
