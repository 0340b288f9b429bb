import { parseDeclaration } from '@diffeo/train'
import { flagError } from '../failure.ts'

/** Kinds of columns as they were written. */
export type Kinds = { readonly [column: string]: string }

/** `column=errors`, collected over every time that the flag is given: for a column the one that holds its standard errors. */
export const errorsOf =
  (flag: string): ((text: string, before: Kinds | undefined) => Kinds) =>
  (text, before = {}) => {
    const [, column = '', errors = ''] = /^([^=]*)=(.*)$/.exec(text)?.map(part => part.trim()) ?? []
    if (column === '' || errors === '') throw flagError(flag, 'column=column of its standard errors', `'${text}'`)
    if (Object.hasOwn(before, column)) throw flagError(flag, 'each column once', `'${column}' twice`)
    return { ...before, [column]: errors }
  }

/** `column=kind`, collected over every time that the flag is given. */
export const kindsOf =
  (flag: string): ((text: string, before: Kinds | undefined) => Kinds) =>
  (text, before = {}) => {
    const [, name = '', kind = ''] = /^([^=]*)=(.*)$/.exec(text) ?? []
    const column = name.trim()
    if (column === '') throw flagError(flag, 'column=kind', `'${text}'`)
    if (Object.hasOwn(before, column)) throw flagError(flag, 'each column once', `'${column}' twice`)
    const parsed = parseDeclaration(kind)
    if (!('declaration' in parsed)) throw flagError(flag, parsed.expected, `'${kind}' for '${column}'`, parsed.advice)
    return { ...before, [column]: kind }
  }
