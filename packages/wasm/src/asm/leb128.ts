/** An unsigned integer below 2^32 in LEB128, as the WebAssembly binary format writes sizes and indices. */
export const unsigned = (value: number): ReadonlyArray<number> => small[value] ?? large(value)

/** Most numbers are small, and each is written many times. */
const small: ReadonlyArray<ReadonlyArray<number>> = Array.from({ length: 128 }, (_, i) => [i])

const large = (value: number): ReadonlyArray<number> => {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

/** A signed integer of at most 64 bits in LEB128, as constants are written. */
export const signed = (value: bigint | number): ReadonlyArray<number> => (typeof value === 'number' ? signed32(value) : signed64(value))

const signed32 = (value: number): ReadonlyArray<number> => {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

const signed64 = (value: bigint): ReadonlyArray<number> => {
  const bytes: number[] = []
  let rest = value
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

/** The little-endian bytes of a float32 or float64. */
export const floatBytes = (value: number, bits: 32 | 64): ReadonlyArray<number> => {
  const view = new DataView(new ArrayBuffer(bits / 8))
  if (bits === 32) view.setFloat32(0, value, true)
  else view.setFloat64(0, value, true)
  return [...new Uint8Array(view.buffer)]
}
