import { modelFile } from '@diffeo/codec'
import type { DecodeErrors, Model as FileModel, ModelFile, Template } from '@diffeo/codec'
import { build, builtins, key, mapTree } from '@diffeo/core'
import type { Flow, FlowParams, Registry } from '@diffeo/core'
import { writeModelBytes } from '#files'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { contextWidth } from '../table/context-place.ts'
import { schemaCodec } from '../data/schema.ts'
import type { Schema } from '../data/schema.ts'
import { disposeTree } from '../fit/dispose.ts'
import { recordCodec } from './record.ts'
import type { FitRecord } from './record.ts'

/** What a model file holds, built. */
export interface ModelParts {
  readonly flow: Flow
  readonly params: FlowParams
  readonly schema: Schema
  readonly record: FitRecord
  /** The tags that the flow's spec uses. */
  readonly registry: Registry
}

type Built = Pick<FileModel<Schema, FitRecord>, 'spec' | 'event' | 'context'>

const codecFor = (registry: Registry): ModelFile<Schema, FitRecord> =>
  modelFile({ schema: schemaCodec, record: recordCodec, registry, like: model => templateOf(flowOf(model, registry)) })

const flowOf = ({ spec, event, context }: Built, registry: Registry): Flow =>
  build(spec, { event, ...(context !== undefined && { context }) }, registry)

/** The shapes of a flow's parameters. */
const templateOf = (flow: Flow): Template => {
  const params = flow.init(key(0))
  const template = mapTree(({ shape }): Template => ({ dtype: 'f32', shape }), params)
  disposeTree(params)
  return template as Template // a tree of templates is one
}

/** The bytes of a model file: safetensors, the same for the same model. */
export const encodeModelFile = ({ flow, params, schema, record, registry }: ModelParts): Uint8Array =>
  codecFor(registry).encode({
    spec: flow.spec,
    params,
    schema,
    record,
    event: flow.space.shape,
    context: schema.given.length > 0 ? [contextWidth(schema.given)] : undefined,
  })

/** Writes a model file: to a temporary name, synced, then renamed; in a page as a download. */
export const writeModelFile = async (path: string, parts: ModelParts): Promise<void> => {
  await writeModelBytes(path, encodeModelFile(parts))
}

/** Reads what `encodeModelFile` wrote; the caller owns the parameters. */
export const decodeModelFile = (bytes: Uint8Array, registry: Registry = builtins): Either<DecodeErrors, ModelParts> =>
  pipe(
    codecFor(registry).decode(bytes),
    E.map(model => ({
      flow: flowOf(model, registry),
      params: model.params as FlowParams, // checked against the flow's own
      schema: model.schema,
      record: model.record,
      registry,
    })),
  )
