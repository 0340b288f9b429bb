/** Bytes as text, between a page and a test: `btoa` is in both. */
export const toText = (bytes: Uint8Array): string => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))

export const fromText = (text: string): Uint8Array => Uint8Array.from(atob(text), character => character.charCodeAt(0))
