import { modelFile } from '@diffeo/codec'
import type { DecodeErrors } from '@diffeo/codec'
import { writeFileAtomic } from '@diffeo/codec/node'
import { build, builtins } from '@diffeo/core'
import type { Flow, FlowParams, Registry } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { schemaCodec } from '../data/schema.ts'
import type { Schema } from '../data/schema.ts'
import { recordCodec } from './record.ts'
import type { FitRecord } from './record.ts'

/** What a model file holds, built. */
export interface ModelParts {
  readonly flow: Flow
  readonly params: FlowParams
  readonly schema: Schema
  readonly record: FitRecord
}

const codecFor = (registry: Registry): ReturnType<typeof modelFile<Schema, FitRecord>> => modelFile({ schema: schemaCodec, record: recordCodec, registry })

/** The bytes of a model file: safetensors, the same for the same model. */
export const encodeModelFile = ({ flow, params, schema, record }: ModelParts): Uint8Array =>
  codecFor(builtins).encode({
    spec: flow.spec,
    params,
    schema,
    record,
    event: flow.space.shape,
    context: schema.given.length > 0 ? [schema.given.length] : undefined,
  })

/** Writes a model file: to a temporary name, synced, then renamed. */
export const writeModelFile = async (path: string, parts: ModelParts): Promise<void> => {
  await writeFileAtomic(path, encodeModelFile(parts))
}

/** Reads what `encodeModelFile` wrote; the caller owns the parameters. */
export const decodeModelFile = (bytes: Uint8Array, registry: Registry = builtins): Either<DecodeErrors, ModelParts> =>
  pipe(
    codecFor(registry).decode(bytes),
    E.map(({ spec, params, schema, record, event, context }) => ({
      flow: build(spec, { event, ...(context !== undefined && { context }) }, registry),
      params,
      schema,
      record,
    })),
  )
