import { nearest } from '@diffeo/codec'
import { flagError } from '../failure.ts'

/** A flag's word, one of a few. */
export const choiceOf =
  <A extends string>(flag: string, choices: ReadonlyArray<A>): ((text: string) => A) =>
  text => {
    const found = choices.find(choice => choice === text)
    if (found !== undefined) return found
    const near = nearest(text, choices)
    throw flagError(flag, `one of ${choices.join(', ')}`, `'${text}'`, near === undefined ? undefined : `did you mean ${near}?`)
  }

/** `column=drop` or `column=mask`, collected over every time that the flag is given. */
export const atomsOf =
  (flag: string): ((text: string, before: Atoms | undefined) => Atoms) =>
  (text, before = {}) => {
    const at = text.lastIndexOf('=')
    const column = text.slice(0, Math.max(0, at)).trim()
    if (column === '') throw flagError(flag, 'column=drop or column=mask', `'${text}'`)
    if (Object.hasOwn(before, column)) throw flagError(flag, 'each column once', `'${column}' twice`)
    return { ...before, [column]: choiceOf(flag, ['drop', 'mask'])(text.slice(at + 1).trim()) }
  }

/** What is to be done with the values of a column that have a weight of their own. */
export type Atoms = { readonly [column: string]: 'drop' | 'mask' }
