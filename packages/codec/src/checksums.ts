import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { crc32, hex32 } from './crc32.ts'
import { all, failure, under } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'
import { describeData } from './printable.ts'
import type { SafetensorsFile } from './safetensors.ts'
import { bytesOf } from './tensor-data.ts'

/** The metadata key under which the checksums stand. */
export const checksumsKey = 'diffeo.crc32'

/**
 * Adds the CRC-32 of each tensor and one of all else (names, dtypes, shapes, metadata), so that a flipped bit is found, and the
 * tensor named. They are sums of the contents, not of the layout: a file that Python has read and written again keeps them.
 */
export const withChecksums = (file: SafetensorsFile): SafetensorsFile => ({
  tensors: file.tensors,
  metadata: { ...file.metadata, [checksumsKey]: JSON.stringify(checksums(file)) },
})

/** Compares a file with the checksums that it holds; without any it passes unless they are required. */
export const verifyChecksums = (file: SafetensorsFile, mode: 'required' | 'optional'): Either<DecodeErrors, SafetensorsFile> => {
  const text = file.metadata[checksumsKey]
  if (text === undefined) return mode === 'optional' ? E.right(file) : failure(['__metadata__', checksumsKey], 'checksums', 'nothing')
  const actual = checksums(file)
  return pipe(
    parseJson(text),
    E.chain(readChecksums),
    E.mapLeft(errors => under(['__metadata__', checksumsKey], errors)),
    E.chain(written =>
      pipe(
        all(actual.tensors.map(([name, sum]) => compare([name], written.tensors.get(name), sum))),
        // This sum holds the tensors' sums too: where one of those differs, it would say nothing new.
        E.chain(() => compare(['__metadata__'], written.file, actual.file)),
      ),
    ),
    E.map(() => file),
  )
}

type Checksums = { readonly file: string; readonly tensors: ReadonlyArray<readonly [string, string]> }

const checksums = ({ tensors, metadata }: SafetensorsFile): Checksums => {
  const sums = [...tensors.keys()].sort().map(name => [name, hex32(crc32(bytesOf(tensors.get(name)!)))] as const)
  const texts = Object.keys(metadata)
    .filter(key => key !== checksumsKey)
    .sort()
    .map(key => [key, metadata[key]])
  const described = sums.map(([name, sum]) => [name, tensors.get(name)!.dtype, tensors.get(name)!.shape, sum])
  return { file: hex32(crc32(new TextEncoder().encode(JSON.stringify([texts, described])))), tensors: sums }
}

type Written = { readonly file: string; readonly tensors: ReadonlyMap<string, string> }

const readChecksums = (json: Json): Either<DecodeErrors, Written> => {
  const { file, tensors } = (typeof json === 'object' && json !== null ? json : {}) as { readonly [key: string]: Json | undefined }
  const pairs = Array.isArray(tensors) ? (tensors as ReadonlyArray<Json>) : undefined
  if (typeof file !== 'string' || pairs === undefined || !pairs.every(isPair))
    return failure([], 'checksums: { file, tensors }', describeData(json))
  return E.right({ file, tensors: new Map(pairs) })
}

const isPair = (json: Json): json is readonly [string, string] =>
  Array.isArray(json) && json.length === 2 && json.every(part => typeof part === 'string')

const compare = (path: ReadonlyArray<string>, written: string | undefined, actual: string): Either<DecodeErrors, null> =>
  written === actual ? E.right(null) : failure(path, `contents with the CRC-32 ${written ?? '(none)'}`, `${actual}: the file is damaged`)
