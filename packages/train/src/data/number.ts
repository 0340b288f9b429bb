/** The cells that stand for a missing value, unless the reader is told others; 'nan' is one in any case. */
export const missingMarkers: ReadonlyArray<string> = ['', 'NA', 'NaN', 'nan', 'null', 'NULL', 'N/A', '?', '-']

/** How a cell becomes a number, or undefined where it is none. NaN stands for a missing value. */
export type Read = (value: unknown) => number | undefined

/**
 * Reads a cell: a strict decimal number (`1e5`, `-.5`, `+3`; not `0x10`, `1_000`, `1,5`, `12abc`, nor one beyond float64),
 * `inf`, or a marker of a missing value. A value that is not text: numbers as they are, true and false as 1 and 0, a Date
 * as seconds since 1970, a bigint within 2^53, null and undefined as missing.
 */
export const numberReader = (markers: ReadonlyArray<string> = missingMarkers): Read => {
  const missing = new Set(['', ...markers])
  const numeric = markers.some(marker => decimal(marker) !== undefined)
  const read = (text: string): number | undefined => {
    const cell = text.trim()
    if (numeric && missing.has(cell)) return NaN
    return decimal(cell) ?? (missing.has(cell) || /^nan$/i.test(cell) ? NaN : infinity(cell))
  }
  return value => (typeof value === 'string' ? read(value) : plain(value))
}

/**
 * Reads a cell as a label, a number that tells groups of rows apart: the number itself, or a 52-bit hash of the text, above
 * 2^52. NaN stands for a missing value.
 *
 * @param onText told of every text and its label
 */
export const labelReader = (markers: ReadonlyArray<string> = missingMarkers, onText?: (text: string, label: number) => void): Read => {
  const read = numberReader(markers)
  const labelOf = (text: string): number => {
    const label = hashOf(text)
    onText?.(text, label)
    return label
  }
  return value =>
    typeof value === 'string'
      ? (read(value) ?? labelOf(value.trim()))
      : (plain(value) ?? (typeof value === 'bigint' ? labelOf(`${value}`) : undefined))
}

const plain = (value: unknown): number | undefined => {
  switch (typeof value) {
    case 'number':
      return value
    case 'undefined':
      return NaN
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : undefined
    default:
      return value === null ? NaN : value instanceof Date ? value.getTime() / 1000 : undefined
  }
}

/** `Number` without the forms that are no decimal numbers: blanks, 0x10, 0b1, 0o7, Infinity, and what overflows. */
const decimal = (cell: string): number | undefined => {
  const value = Number(cell)
  if (!Number.isFinite(value) || cell === '') return undefined
  const second = cell.charCodeAt(1) | 32
  return second === 120 || second === 98 || second === 111 ? undefined : value
}

const infinity = (cell: string): number | undefined => {
  const found = /^([+-]?)inf(inity)?$/i.exec(cell)
  return found === null ? undefined : found[1] === '-' ? -Infinity : Infinity
}

/** Two multiplicative 26-bit hashes of the UTF-16 units, side by side. */
const hashOf = (text: string): number => {
  let [high, low] = [0x9e3779b9, 0x85ebca6b]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 0x9e3779b1)
    low = Math.imul(low ^ unit, 0x5f356495)
  }
  high = Math.imul(high ^ (low >>> 15), 0x2c1b3c6d)
  low = Math.imul(low ^ (high >>> 13), 0x297a2d39)
  return 2 ** 52 + (high >>> 6) * 2 ** 26 + ((low ^ (low >>> 16)) >>> 6)
}
