import { parseDeclaration } from '@diffeo/train'
import { flagError } from '../failure.ts'

/** Kinds of columns as they were written. */
export type Kinds = { readonly [column: string]: string }

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
