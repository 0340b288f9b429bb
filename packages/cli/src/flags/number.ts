import { flagError } from '../failure.ts'

/** What numbers a flag takes. */
export interface NumberRange {
  readonly least?: number
  readonly most?: number
  /** The least and the most are out of the range themselves. */
  readonly open?: boolean
}

/** A flag's number: a plain decimal one, so that neither `0x5` nor `1e400` nor `5 apples` passes. */
export const numberOf =
  (flag: string, range: NumberRange = {}): ((text: string) => number) =>
  text => {
    const value = decimal(text)
    if (value === undefined || !isWithin(value, range)) throw flagError(flag, `a number${shown(range)}`, `'${text}'`)
    return value
  }

/** A flag's whole number. */
export const wholeNumberOf =
  (flag: string, range: NumberRange = {}): ((text: string) => number) =>
  text => {
    const value = decimal(text)
    if (value === undefined || !Number.isSafeInteger(value) || !isWithin(value, range))
      throw flagError(flag, `a whole number${shown(range)}`, `'${text}'`)
    return value
  }

/** A number, or `none`. The word stays: commander takes null for a flag without a value. */
export const numberOrNoneOf =
  (flag: string, range: NumberRange = {}): ((text: string) => number | 'none') =>
  text => {
    if (text === 'none') return text
    const value = decimal(text)
    if (value === undefined || !isWithin(value, range)) throw flagError(flag, `a number${shown(range)}, or none`, `'${text}'`)
    return value
  }

/** A finite number in decimal notation, or nothing. */
export const decimal = (text: string): number | undefined => {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  return Number.isFinite(value) ? value : undefined
}

const isWithin = (value: number, { least = -Infinity, most = Infinity, open = false }: NumberRange): boolean =>
  open ? value > least && value < most : value >= least && value <= most

const shown = ({ least, most, open = false }: NumberRange): string => {
  const words = [
    least === undefined ? undefined : open ? `above ${least}` : `of at least ${least}`,
    most === undefined || most === Number.MAX_SAFE_INTEGER ? undefined : open ? `below ${most}` : `at most ${most}`,
  ].filter(word => word !== undefined)
  return words.length === 0 ? '' : ` ${words.join(' and ')}`
}
