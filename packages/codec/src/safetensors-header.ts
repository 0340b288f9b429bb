import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { all, failure, under } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { foreignFormat } from './foreign-format.ts'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'
import { describe, describeData } from './printable.ts'
import { byteBudget, bytesPerValue, copied, decodeShape, describeTensor, sizeOf } from './tensor-data.ts'
import type { DType } from './tensor-data.ts'
import { nameFault } from './tree-data.ts'

/** The most bytes that the header of a file may have, 16 MB. */
export const headerLimit = 16_000_000

/** What a header says: where the data begin, the tensors with their first and last byte from there, and the texts. */
export type Header = {
  readonly begin: number
  readonly entries: ReadonlyArray<HeaderEntry>
  readonly metadata: { readonly [key: string]: string }
}
export type HeaderEntry = {
  readonly name: string
  readonly dtype: DType
  readonly shape: ReadonlyArray<number>
  readonly offsets: readonly [number, number]
}

/**
 * Whether a text may name a tensor. Each step between dots must be a name that a tree may have; so `__proto__.x`, `../x` and the
 * empty name are none.
 */
export const isTensorName = (name: string): boolean => name.length <= 2048 && name.split('.').every(step => nameFault(step) === undefined)

/** Reads and checks all of a safetensors file but its data: 8 bytes of length, the JSON, and that the data are fully described by it. */
export const decodeHeader = (bytes: Uint8Array): Either<DecodeErrors, Header> => {
  if (!ArrayBuffer.isView(bytes) || bytes[Symbol.toStringTag] !== 'Uint8Array') return failure([], 'a Uint8Array', describe(bytes))
  const total = bytes.byteLength
  if (total < 8) return notSafetensors(bytes, `${total} bytes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(headerLimit)) return notSafetensors(bytes, `a header length of ${length}, above the limit of ${headerLimit}`)
  const begin = 8 + Number(length)
  if (begin > total) return notSafetensors(bytes, `a header of ${length} bytes in a file of ${total}; it may be truncated`)
  const header = copied(bytes.subarray(8, begin))
  if (header[0] !== openingBrace) return notSafetensors(bytes, 'a header that does not begin with {')
  if (total - begin > byteBudget) return failure([], `at most ${byteBudget} bytes of data`, String(total - begin))
  return pipe(
    decodeText(header),
    E.chain(text => parseJson(text, { depth: 8, branches: 400_000, scalars: 4_000_000 })),
    E.chain(json => decodeEntries(json, total - begin)),
    E.chain(entries => checkLayout(entries, total - begin)),
    E.map(({ entries, metadata }) => ({ begin, entries, metadata })),
  )
}

const openingBrace = 0x7b

const notSafetensors = (bytes: Uint8Array, actual: string): Either<DecodeErrors, never> =>
  failure([], 'a safetensors file', foreignFormat(bytes) ?? actual)

const decodeText = (header: Uint8Array): Either<DecodeErrors, string> =>
  E.tryCatch(
    () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header),
    () => [{ path: '$', expected: 'a header in UTF-8', actual: 'other bytes' }],
  )

type Contents = Omit<Header, 'begin'>

const decodeEntries = (json: Json, size: number): Either<DecodeErrors, Contents> => {
  // The header begins with a brace, so this is a record.
  const { __metadata__: metadata = {}, ...tensors } = json as JsonRecord
  return pipe(
    decodeMetadata(metadata),
    E.chain(texts =>
      pipe(
        all(Object.entries(tensors).map(([name, entry]) => decodeEntry(name, entry, size))),
        E.map(entries => ({ entries, metadata: texts })),
      ),
    ),
  )
}

const decodeMetadata = (json: Json): Either<DecodeErrors, { readonly [key: string]: string }> => {
  if (!isRecord(json)) return failure(['__metadata__'], 'a record of texts', describeData(json))
  const wrong = Object.keys(json).find(key => typeof json[key] !== 'string')
  if (wrong !== undefined) return failure(['__metadata__', wrong], 'a text', describeData(json[wrong]))
  return E.right(json as { readonly [key: string]: string })
}

const decodeEntry = (name: string, json: Json, size: number): Either<DecodeErrors, HeaderEntry> => {
  if (!isTensorName(name))
    return failure([], 'tensor names whose steps are printable and not __proto__, constructor, prototype', describe(name))
  if (!isRecord(json)) return failure([name], 'a record with dtype, shape and data_offsets', describeData(json))
  const { dtype, shape, data_offsets: offsets, ...others } = json
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) return failure([name, unknown], 'no field beside dtype, shape and data_offsets', describeData(others[unknown]))
  const known = typeof dtype === 'string' ? dtypes.get(dtype) : undefined
  if (known === undefined) return failure([name, 'dtype'], `one of ${[...dtypes.keys()].join(', ')}`, describeData(dtype))
  return pipe(
    all<unknown>([decodeShape(shape, known, ['shape']), decodeOffsets(offsets, size)]),
    // What the two decoders above gave.
    E.map(([sizes, range]) => ({ name, dtype: known, shape: sizes as ReadonlyArray<number>, offsets: range as readonly [number, number] })),
    E.chain(entry => {
      const [wanted, given] = [sizeOf(entry.shape) * bytesPerValue[known], entry.offsets[1] - entry.offsets[0]]
      return wanted === given ? E.right(entry) : failure([], `${wanted} bytes for ${describeTensor(entry)}`, `${given} by its data_offsets`)
    }),
    E.mapLeft(errors => under([name], errors)),
  )
}

const decodeOffsets = (json: Json | undefined, size: number): Either<DecodeErrors, readonly [number, number]> => {
  const path = ['data_offsets']
  if (!Array.isArray(json) || json.length !== 2) return failure(path, 'two offsets', describeData(json))
  const [from, to] = json as ReadonlyArray<Json>
  const wrong = [from, to].findIndex(offset => !Number.isSafeInteger(offset) || (offset as number) < 0)
  if (wrong >= 0) return failure([...path, wrong], 'an integer >= 0', describeData(json[wrong]))
  const [begin, end] = [from as number, to as number]
  if (begin > end) return failure(path, 'the begin before the end', `[${begin}, ${end}]`)
  return end <= size
    ? E.right([begin, end])
    : failure([...path, 1], `an offset within the data, ${size} bytes`, `${end}; the file may be truncated`)
}

/** The tensors must lie end to end, from the first byte of the data to the last: no hole, no overlap, nothing after them. */
const checkLayout = ({ entries, metadata }: Contents, size: number): Either<DecodeErrors, Contents> => {
  const ordered = [...entries].sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1])
  const faults = ordered.map((entry, i): Either<DecodeErrors, HeaderEntry> => {
    const previous = ordered[i - 1]
    const [begin, expected] = [entry.offsets[0], previous?.offsets[1] ?? 0]
    if (begin === expected) return E.right(entry)
    return failure(
      [entry.name, 'data_offsets', 0],
      `${expected}, where ${previous === undefined ? 'the data begin' : `the tensor before it, ${describe(previous.name)}, ends`}`,
      `${begin}: ${begin < expected ? 'an overlap' : 'a hole'}`,
    )
  })
  const end = ordered[ordered.length - 1]?.offsets[1] ?? 0
  return pipe(
    all(end === size ? faults : [...faults, failure([], `${end} bytes of data`, `${size}: bytes that belong to no tensor`)]),
    E.map(() => ({ entries, metadata })),
  )
}

const dtypes: ReadonlyMap<string, DType> = new Map(
  (Object.keys(bytesPerValue) as ReadonlyArray<DType>).map(dtype => [dtype.toUpperCase(), dtype]),
)

type JsonRecord = { readonly [key: string]: Json }

const isRecord = (json: Json): json is JsonRecord => typeof json === 'object' && json !== null && !Array.isArray(json)
