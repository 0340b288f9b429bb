import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Params } from '@diffeo/core'
import { withChecksums } from './checksums.ts'
import { capped, decodeError } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import type { SafetensorsFile } from './safetensors.ts'
import { toHost, toTensors } from './tree-data.ts'
import type { TreeData } from './tree-data.ts'
import { nameLeaves, treeFromNames } from './tree-names.ts'
import { fitTemplate } from './tree-template.ts'
import type { Template } from './tree-template.ts'

/** What the reader of a tree's bytes asks of them. */
export type TreeOptions = {
  /** A tree whose structure, dtypes and shapes they must have. */
  readonly like?: Template
  /** Whether NaN and the infinities may stand in it. They may unless said: a message between processes keeps every bit. */
  readonly nonFinite?: 'refuse' | 'allow'
}

/**
 * A parameter tree as the bytes of a safetensors file with checksums: for other processes and for checkpoints. Every bit comes
 * back. `metadata` are texts to go with it; 'tree' and 'diffeo.crc32' are taken.
 *
 * @throws TypeError naming the path of what is no live tensor
 */
export const treeToBytes = (params: Params, metadata: SafetensorsFile['metadata'] = {}): Uint8Array<ArrayBuffer> => {
  const named = nameLeaves(toHost(params))
  return encodeSafetensors(withChecksums({ tensors: named.tensors, metadata: { ...metadata, ...named.metadata } }))
}

/** Reads what `treeToBytes` wrote. Tensors are made only when all of it is right; the caller disposes of them. */
export const treeFromBytes = (bytes: Uint8Array, options: TreeOptions = {}): Either<DecodeErrors, Params> =>
  pipe(
    decodeSafetensors(bytes, { nonFinite: options.nonFinite ?? 'allow', checksums: 'required' }),
    E.chain(file => treeFromFile(file, options.like)),
    E.map(toTensors),
  )

/** The tree that a decoded file's tensors make, checked to be one that tensors can hold, and against a template if there is one. */
export const treeFromFile = (file: SafetensorsFile, like?: Template): Either<DecodeErrors, TreeData> =>
  pipe(
    treeFromNames(file),
    E.chain(onlyTensorDTypes),
    E.chain(data => (like === undefined ? E.right(data) : fitTemplate(like)(data))),
    E.mapLeft(capped),
  )

const onlyTensorDTypes = (data: TreeData): Either<DecodeErrors, TreeData> => {
  const names = [...nameLeaves(data).tensors]
  const errors = names.flatMap(([name, { dtype }]) =>
    dtype === 'f32' || dtype === 'i32' || dtype === 'bool' ? [] : [decodeError([name], 'f32, i32 or bool', dtype)],
  )
  return errors.length > 0 ? E.left(errors) : E.right(data)
}
