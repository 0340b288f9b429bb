import { isAscii, isUtf8 } from 'node:buffer'
import { DataError } from './error.ts'

/** The longest line, and the longest record, that is read: 16 MiB. */
export const maxLine: number = 16 * 2 ** 20

/**
 * Passes the bytes of a text file on, checked: UTF-8 without NUL bytes, in lines of at most 16 MiB. A byte order mark is
 * dropped.
 *
 * @throws DataError with the offset of the first byte that is no text, or of the line that is too long
 */
export async function* checkedText(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let offset = 0
  let lineStart = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const block of bytes) {
    const joined = rest.length === 0 ? block : Buffer.concat([rest, block])
    const whole = wholeCharacters(joined)
    const text = joined.subarray(0, whole)
    rest = joined.subarray(whole)
    expectText(name, text, offset)
    const newline = Math.max(text.lastIndexOf(10), text.lastIndexOf(13))
    if (newline >= 0) lineStart = offset + newline + 1
    if (offset + text.length - lineStart > maxLine)
      throw new DataError({ file: name, expected: 'lines of at most 16 MiB', actual: `a longer one at offset ${lineStart}` })
    yield offset === 0 && text.subarray(0, 3).equals(byteOrderMark) ? text.subarray(3) : text
    offset += text.length
  }
  expectText(name, rest, offset)
}

const byteOrderMark = Buffer.of(0xef, 0xbb, 0xbf)

/** The bytes of the character that begins with this one; 0 where none does. */
const characterLength = (byte: number): number =>
  byte < 0x80 ? 1 : byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0

/** How many bytes of a block are whole characters: one that the block's end cuts waits for the next block. */
const wholeCharacters = (block: Buffer): number => {
  for (let back = 1; back <= Math.min(3, block.length); back++) {
    const byte = block[block.length - back]!
    if (byte < 0x80) return block.length
    if (byte >= 0xc0) return characterLength(byte) > back ? block.length - back : block.length
  }
  return block.length
}

const expectText = (name: string, text: Buffer, offset: number): void => {
  const zero = text.indexOf(0)
  if (zero >= 0)
    throw new DataError({
      file: name,
      expected: 'text',
      actual: `a NUL byte at offset ${offset + zero}`,
      advice: 'is it a binary file, or UTF-16?',
    })
  if (isAscii(text) || isUtf8(text)) return
  const at = firstBad(text)
  throw new DataError({
    file: name,
    expected: 'UTF-8 text',
    actual: `the byte 0x${text[at]!.toString(16)} at offset ${offset + at}`,
    advice: 'save it as UTF-8',
  })
}

const firstBad = (text: Buffer): number => {
  let at = 0
  for (;;) {
    const length = characterLength(text[at]!)
    if (length === 0 || !isUtf8(text.subarray(at, at + length))) return at
    at += length
  }
}
