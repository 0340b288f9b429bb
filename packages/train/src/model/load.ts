import type { DecodeErrors } from '@diffeo/codec'
import { builtins } from '@diffeo/core'
import type { Registry } from '@diffeo/core'
import { modelExecution } from '../execution/choose.ts'
import type { ExecutionOptions } from '../execution/choose.ts'
import { flowFunctions } from '../execution/flow-functions.ts'
import { readModelBytes } from '#files'
import { ready } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Model } from './contract.ts'
import { decodeModelFile } from './file.ts'
import { modelOf } from './model.ts'
import { ModelFileError } from './model-file-error.ts'

/** How a model is read and run. */
export interface LoadOptions extends ExecutionOptions {
  /** The tags that the flow's spec may use. Default `builtins`. */
  readonly registry?: Registry
}

/** A model from the bytes of its file, or what is wrong with them. */
export const decodeModel = (bytes: Uint8Array, { registry = builtins, ...options }: LoadOptions = {}): Either<DecodeErrors, Model> =>
  pipe(
    decodeModelFile(bytes, registry),
    E.map(parts => modelOf(parts, flowFunctions(parts.flow, modelExecution(options)))),
  )

/** Where a model file is: a path, in a page an address, or its bytes. */
export type ModelSource = string | Uint8Array | ArrayBuffer | Blob

/**
 * A model from its file. Starts a backend where none was started.
 *
 * @throws ModelFileError naming the file and the path in it of what is wrong
 * @example const model = await loadModel('galaxies.safetensors')
 */
export const loadModel = async (source: ModelSource, options: LoadOptions = {}): Promise<Model> => {
  await ready()
  const decoded = pipe(
    await bytesOf(source),
    E.chain(bytes => decodeModel(bytes, options)),
  )
  if (E.isLeft(decoded)) throw new ModelFileError(typeof source === 'string' ? source : 'the model file', decoded.left)
  return decoded.right
}

const bytesOf = async (source: ModelSource): Promise<Either<DecodeErrors, Uint8Array>> => {
  if (typeof source === 'string') return readModelBytes(source)
  if (source instanceof Uint8Array) return E.right(source)
  return E.right(new Uint8Array(source instanceof Blob ? await source.arrayBuffer() : source))
}
