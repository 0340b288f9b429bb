const chunk = 0x8000

/** Bytes as base64 with padding (RFC 4648, section 4). */
export const toBase64 = (bytes: Uint8Array): string => {
  const parts = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    // Applied to the array itself: spreading it takes ten times as long.
    Reflect.apply(String.fromCharCode, null, bytes.subarray(i * chunk, (i + 1) * chunk)),
  )
  return btoa(parts.join(''))
}

/** The bytes of a base64 text; undefined unless it is the one text that `toBase64` writes for them. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  const characters = decoded(text)
  if (characters === undefined) return undefined
  const bytes = new Uint8Array(characters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
  // atob takes white space anywhere, and at the end missing padding and stray low bits.
  const last = toBase64(bytes.subarray(3 * Math.floor((bytes.length - 1) / 3)))
  return text.length === 4 * Math.ceil(bytes.length / 3) && text.endsWith(last) && !/\s/.test(text) ? bytes : undefined
}

const decoded = (text: string): string | undefined => {
  try {
    return atob(text)
  } catch {
    return undefined
  }
}
