import { flagError } from '../failure.ts'
import { decimal } from './number.ts'

/** Values from one to another, as they were written; of whole numbers without a count. */
export interface Grid {
  readonly from: number
  readonly to: number
  readonly count?: number
  readonly text: string
}

/** More values than these are a mistake. */
const most = 1_000_000

/** A flag's grid: `from,to,n` or `from,to`. */
export const gridOf =
  (flag: string): ((text: string) => Grid) =>
  text => {
    const parts = text.split(',').map(part => decimal(part.trim()))
    const [from, to, count] = parts
    const wrong = (expected: string): Error => flagError(flag, expected, `'${text}'`)
    if (parts.length < 2 || parts.length > 3 || parts.includes(undefined)) throw wrong('from,to,n')
    if (!(from! < to!)) throw wrong('from below to')
    if (count === undefined) {
      if (to! - from! >= most) throw wrong(`at most ${most} values`)
      return { from: from!, to: to!, text }
    }
    if (!Number.isSafeInteger(count) || count < 2 || count > most) throw wrong(`a whole number of values, 2 to ${most}`)
    return { from: from!, to: to!, count, text }
  }
