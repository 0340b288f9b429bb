import { flagError } from '../failure.ts'
import { wholeNumberOf } from './number.ts'

/** A flag's names, separated by commas, none twice. */
export const namesOf =
  (flag: string): ((text: string) => ReadonlyArray<string>) =>
  text => {
    const names = text.split(',').map(name => name.trim())
    if (names.includes('')) throw flagError(flag, 'names separated by commas', `'${text}'`)
    const twice = names.find((name, i) => names.indexOf(name) < i)
    if (twice !== undefined) throw flagError(flag, 'each name once', `'${twice}' twice`)
    return names
  }

/** A flag's positive whole numbers, separated by commas. */
export const sizesOf =
  (flag: string): ((text: string) => ReadonlyArray<number>) =>
  text =>
    text.split(',').map(part => wholeNumberOf(flag, { least: 1, most: 65_536 })(part.trim()))

/** Values by column, such as `a=1,b=north`, as they are written; nothing where the text is no such list. */
export const valuesOf = (flag: string, text: string): { readonly [column: string]: string } | undefined => {
  const parts = text.split(',').map(part => /^([^=]+)=(.*)$/.exec(part))
  if (parts.some(part => part === null)) return undefined
  const entries = parts.map(part => [part![1]!.trim(), part![2]!.trim()] as const)
  const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) < i)
  if (twice !== undefined) throw flagError(flag, 'each column once', `'${twice[0]}' twice`)
  return Object.fromEntries(entries)
}
