/**
 * The CRC-32 of bytes (polynomial 0xedb88320, as in zip, gzip, PNG and Python's `zlib.crc32`): it changes with every flipped bit
 * and with every run of changes up to 32 bits long.
 *
 * @param previous  the CRC-32 of what came before, to go on from
 */
export const crc32 = (bytes: Uint8Array, previous = 0): number => {
  let crc = ~previous
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Eight lowercase hexadecimal digits. */
export const hex32 = (word: number): string => word.toString(16).padStart(8, '0')

const table = Uint32Array.from({ length: 256 }, (_, byte) =>
  Array.from({ length: 8 }).reduce<number>(crc => (crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1), byte),
)
