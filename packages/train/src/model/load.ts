import { report } from '@diffeo/codec'
import type { DecodeErrors } from '@diffeo/codec'
import { readFileBounded } from '@diffeo/codec/node'
import { builtins } from '@diffeo/core'
import type { Registry } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Model } from './contract.ts'
import { decodeModelFile } from './file.ts'
import { modelOf } from './model.ts'

/** A model file that cannot be read: which, and every error with its path. */
export class ModelFileError extends Error {
  override readonly name: string = 'ModelFileError'
  readonly file: string
  readonly errors: DecodeErrors

  constructor(file: string, errors: DecodeErrors) {
    super(`${file}: ${report(errors)}`)
    this.file = file
    this.errors = errors
  }
}

/** A model from the bytes of its file, or what is wrong with them. */
export const decodeModel = (bytes: Uint8Array, registry: Registry = builtins): Either<DecodeErrors, Model> =>
  pipe(decodeModelFile(bytes, registry), E.map(modelOf))

/**
 * A model from its file.
 *
 * @throws ModelFileError naming the file and the path in it of what is wrong
 */
export const loadModel = async (path: string, registry: Registry = builtins): Promise<Model> => {
  const decoded = pipe(
    await readFileBounded(path),
    E.chain(bytes => decodeModel(bytes, registry)),
  )
  if (E.isLeft(decoded)) throw new ModelFileError(path, decoded.left)
  return decoded.right
}
