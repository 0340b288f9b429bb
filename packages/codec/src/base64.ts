const chunk = 0x8000

/** Bytes as base64 with padding (RFC 4648, section 4). */
export const toBase64 = (bytes: Uint8Array): string => {
  const parts = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    String.fromCharCode(...bytes.subarray(i * chunk, (i + 1) * chunk)),
  )
  return btoa(parts.join(''))
}

/** The bytes of a base64 text; undefined unless it is the one text that `toBase64` writes for them. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0))
    // atob takes white space, missing padding and stray low bits.
    return toBase64(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}
