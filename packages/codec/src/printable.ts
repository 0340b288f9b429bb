const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Text from outside made fit to print: control, bidirectional and other invisible characters become `\u{...}`, and what is
 * longer than `limit` characters is cut, with `…` at the end.
 */
export const printable = (text: string, limit = 80): string => {
  const escaped = text.slice(0, limit + 1).replace(unprintable, c => `\\u{${c.codePointAt(0)!.toString(16)}}`)
  return escaped.length > limit ? `${escaped.slice(0, limit - 1)}…` : escaped
}

/** A value as it stands in an error: short, printable, never more than 80 characters. Reads no property of a foreign object. */
export const describe = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return `'${printable(value, 78)}'`
  if (typeof value === 'bigint') return printable(`${value}n`)
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Like `describe`, for plain data, whose contents may be read: `[2, -3]`, `a list of 300`, `a record (a, b)`. */
export const describeData = (value: unknown): string => {
  if (Array.isArray(value))
    return value.length <= 16 && value.every(isScalar) ? printable(`[${value.map(describe).join(', ')}]`) : `a list of ${value.length}`
  return typeof value === 'object' && value !== null
    ? printable(`a record (${Object.keys(value).slice(0, 8).join(', ')})`)
    : describe(value)
}

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null
