import type { DType } from '../program.ts'
import type { Data } from '../values.ts'

/** A number as JSON, which has no infinities, NaN or -0: those are texts. */
export const encodeNumber = (x: number): number | string => (Object.is(x, -0) ? '-0' : Number.isFinite(x) ? x : String(x))

/** The number that was encoded, or undefined where there is none. */
export const decodeNumber = (encoded: unknown): number | undefined => {
  if (typeof encoded === 'number') return encoded
  return typeof encoded === 'string' && ['-0', 'NaN', 'Infinity', '-Infinity'].includes(encoded) ? Number(encoded) : undefined
}

/** Numbers as base64 of their bytes, little-endian as on every machine that runs JavaScript. */
export const encodeData = (data: Data): string => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const pieces: string[] = []
  // a call takes only so many arguments
  for (let i = 0; i < bytes.length; i += 8192) pieces.push(String.fromCharCode(...bytes.subarray(i, i + 8192)))
  return btoa(pieces.join(''))
}

/** The numbers that were encoded, or undefined where the text is no base64 or the bytes are no whole numbers. */
export const decodeData = (encoded: string, dtype: DType): Data | undefined => {
  const text = decodedText(encoded)
  if (text === undefined) return undefined
  const bytes = Uint8Array.from(text, letter => letter.charCodeAt(0))
  if (dtype === 'bool') return bytes
  if (bytes.length % 4 !== 0) return undefined
  return dtype === 'float32' ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer)
}

const decodedText = (encoded: string): string | undefined => {
  try {
    return atob(encoded)
  } catch {
    return undefined
  }
}
