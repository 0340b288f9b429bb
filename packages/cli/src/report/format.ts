/** A number of things: 38,844. */
export const count = (n: number): string => n.toLocaleString('en-US')

/** Things with their number: 1 row, 2 rows. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

/** A number with the decimals that its standard error justifies (two digits of the error), and a true minus sign. */
export const estimate = (value: number, se: number): string => signed(value.toFixed(decimalsOf(se)))

/** `value ± se`, both with two digits of the error. */
export const withError = (value: number, se: number): string => `${estimate(value, se)} ± ${se.toFixed(decimalsOf(se))}`

/** A number to `digits` significant digits, without trailing zeros. */
export const short = (value: number, digits = 4): string => {
  if (!Number.isFinite(value)) return String(value)
  const text = value.toPrecision(digits)
  const [mantissa = '', exponent] = text.split('e')
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return signed(exponent === undefined ? trimmed : `${trimmed}e${exponent.replace('+', '')}`)
}

/** A p-value: `p = 0.21`, `p < 0.001`. */
export const pValue = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p < 0.01 ? p.toFixed(3) : p.toFixed(2)}`)

/** A share of one: 53 %, 53.4 %. */
export const percent = (share: number, decimals = 0): string => `${(100 * share).toFixed(decimals)} %`

const decimalsOf = (se: number): number => (se > 0 && Number.isFinite(se) ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(se)))) : 3)

const signed = (text: string): string => text.replace(/^-(?=[0-9.]*[1-9])/, '−').replace(/^-/, '')
