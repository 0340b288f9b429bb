import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { verifyChecksums } from './checksums.ts'
import { all, capped, failure } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decodeHeader, headerLimit, isTensorName } from './safetensors-header.ts'
import type { Header } from './safetensors-header.ts'
import { byteBudget, bytesOf, bytesPerValue, checkValues, copied, describeTensor, sizeOf, tensorFromBytes } from './tensor-data.ts'
import type { DType, TensorData } from './tensor-data.ts'

/** The contents of a safetensors file: tensors by name, and texts by name. */
export type SafetensorsFile = {
  readonly tensors: ReadonlyMap<string, TensorData>
  readonly metadata: { readonly [key: string]: string }
}

/** What a reader asks of a file from outside. */
export type SafetensorsOptions = {
  /** Whether NaN and the infinities may stand in it; refused unless said. */
  readonly nonFinite?: 'refuse' | 'allow'
  /** Whether it must have checksums (see `withChecksums`). Where there are some, they are always verified. */
  readonly checksums?: 'required' | 'optional'
}

/**
 * The bytes of a safetensors file: the header's length (u64, little-endian), the header (JSON, padded by spaces so that the data
 * begin at a multiple of 8), the data. The order is the one that Python's `safetensors` writes, by dtype and then by name, with
 * the metadata's keys sorted: the same contents give the same bytes.
 *
 * @throws RangeError when a shape does not fit its values, or more than 16 MB of header or 2 GiB of data would be written
 * @throws TypeError when a name may not be
 * @see https://github.com/huggingface/safetensors#format
 */
export const encodeSafetensors = ({ tensors, metadata }: SafetensorsFile): Uint8Array<ArrayBuffer> => {
  const ordered = [...tensors].sort(([a, p], [b, q]) => rank(q.dtype) - rank(p.dtype) || (a < b ? -1 : 1))
  ordered.forEach(([name, tensor]) => checkTensor(name, tensor))
  const ends = runningSums(ordered.map(([, { data }]) => data.byteLength))
  const fields = ordered.map(([name, { dtype, shape, data }], i): readonly [string, unknown] => [
    name,
    { dtype: dtype.toUpperCase(), shape, data_offsets: [ends[i]! - data.byteLength, ends[i]] },
  ])
  const texts = Object.keys(metadata)
    .sort()
    .map((key): readonly [string, unknown] => [key, metadata[key]])
  // Written field by field: in a JavaScript object keys such as '0' would move to the front.
  const json = record([...(texts.length > 0 ? [`"__metadata__":${record(texts.map(field))}`] : []), ...fields.map(field)])
  const header = new TextEncoder().encode(json)
  const begin = 8 + Math.ceil(header.length / 8) * 8
  const size = begin + (ends[ends.length - 1] ?? 0)
  if (header.length > headerLimit || size - begin > byteBudget)
    throw new RangeError(
      `encodeSafetensors: expected at most ${headerLimit} bytes of header and ${byteBudget} of data, got ${header.length} and ${size - begin}`,
    )
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(begin - 8), true)
  bytes.fill(0x20, 8, begin)
  bytes.set(header, 8)
  ordered.forEach(([, tensor], i) => bytes.set(bytesOf(tensor), begin + ends[i]! - tensor.data.byteLength))
  return bytes
}

/**
 * Reads a safetensors file. Total: whatever the bytes are, the answer is the contents or what is wrong with them. Every rule of
 * the format is checked, a tensor is always a copy, and nothing outside the view that was given is read.
 */
export const decodeSafetensors = (bytes: Uint8Array, options: SafetensorsOptions = {}): Either<DecodeErrors, SafetensorsFile> =>
  pipe(
    decodeHeader(bytes),
    E.chain(header => readTensors(bytes, header)),
    E.chain(file => verifyChecksums(file, options.checksums ?? 'optional')),
    E.chain(file =>
      pipe(
        all([...file.tensors].map(([name, tensor]) => checkValues(tensor, [name], options.nonFinite ?? 'refuse'))),
        E.map(() => file),
      ),
    ),
    E.mapLeft(capped),
  )

const readTensors = (bytes: Uint8Array, { begin, entries, metadata }: Header): Either<DecodeErrors, SafetensorsFile> =>
  pipe(
    all(
      entries.map(({ name, dtype, shape, offsets: [from, to] }) => {
        const data = copied(bytes.subarray(begin + from, begin + to))
        // A resizable buffer may have shrunk since the header was read.
        if (data.length !== to - from) return failure([name], `${to - from} bytes`, `${data.length}`)
        return E.right([name, tensorFromBytes(dtype, shape, data)] as const)
      }),
    ),
    E.map(tensors => ({ tensors: new Map(tensors), metadata })),
  )

const runningSums = (sizes: ReadonlyArray<number>): ReadonlyArray<number> => {
  let sum = 0
  return sizes.map(size => (sum += size))
}

/** Python's order of dtypes, the last one first. */
const rank = (dtype: DType): number => ['bool', 'u8', 'i32', 'f32', 'f64', 'i64'].indexOf(dtype)

const field = ([key, value]: readonly [string, unknown]): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`

const record = (fields: ReadonlyArray<string>): string => `{${fields.join(',')}}`

const checkTensor = (name: string, tensor: TensorData): void => {
  if (!isTensorName(name)) throw new TypeError(`encodeSafetensors: expected a tensor name, got ${JSON.stringify(name.slice(0, 80))}`)
  const expected = sizeOf(tensor.shape) * bytesPerValue[tensor.dtype]
  if (expected !== tensor.data.byteLength)
    throw new RangeError(
      `encodeSafetensors: expected ${expected} bytes for ${describeTensor(tensor)}, got ${tensor.data.byteLength} at ${name}`,
    )
}
