import { builtins } from '@diffeo/core'
import type { FlowSpec, Params, Registry, Shape, Tree } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import { checksumsKey, withChecksums } from './checksums.ts'
import { all, capped, decodeError, failure, report, under } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decode } from './decode.ts'
import { checkImpliedSize } from './implied-size.ts'
import { parseJson } from './json.ts'
import { migrations } from './migrations.ts'
import { plainData } from './plain-data.ts'
import { describe, printable } from './printable.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import type { SafetensorsFile } from './safetensors.ts'
import { contextCodec, eventCodec } from './sizes-codec.ts'
import { flowCodec } from './spec-codec.ts'
import { treeFromFile } from './tree-bytes.ts'
import { toHost, toTensors } from './tree-data.ts'
import type { TreeData } from './tree-data.ts'
import { nameLeaves } from './tree-names.ts'
import type { Template } from './tree-template.ts'
import { libraryVersion, modelVersion } from './version.ts'

/** All that a model file holds. `schema` says what the columns are and how they are preprocessed, `record` how the fit went. */
export type Model<Schema, FitRecord> = {
  readonly spec: FlowSpec
  readonly params: Params
  readonly schema: Schema
  readonly record: FitRecord
  /** The shape of one row of data. */
  readonly event: Shape
  /** The shape, or the tree of shapes, of what one row is conditioned on. */
  readonly context: Tree<Shape> | undefined
}

/** How the parts of a model file are read that this package knows nothing of. */
export type ModelCodecs<Schema, FitRecord> = {
  readonly schema: t.Type<Schema, unknown>
  readonly record: t.Type<FitRecord, unknown>
  /** The tags that the spec may have. */
  readonly registry?: Registry
  /** The dtypes and shapes that the parameters of a flow must have. What it throws (as `build` does) is an error in the file. */
  readonly like?: (model: Pick<Model<Schema, FitRecord>, 'spec' | 'event' | 'context'>) => Template
}

/** How models are written to bytes and read from them. */
export type ModelFile<Schema, FitRecord> = {
  /**
   * The bytes of a model file: the same model gives the same bytes.
   *
   * @throws TypeError when a part of the model would not be read back, such as parameters that are not finite
   */
  encode(model: Model<Schema, FitRecord>): Uint8Array<ArrayBuffer>
  /** Reads a model file. Tensors are made only when all of it is right; the caller disposes of them. */
  decode(bytes: Uint8Array): Either<DecodeErrors, Model<Schema, FitRecord>>
}

/**
 * Model files: safetensors whose metadata hold `format`, `version`, `library` and, as JSON, `spec`, `schema`, `record`, `event`,
 * `context` and the structure of the parameter tree, with checksums over all of it. Files of every earlier version are read.
 *
 * @example modelFile({ schema: schemaCodec, record: recordCodec }).decode(bytes)
 */
export const modelFile = <Schema, FitRecord>(codecs: ModelCodecs<Schema, FitRecord>): ModelFile<Schema, FitRecord> => {
  const parts = partsOf(codecs)
  return {
    encode: model => {
      const texts = partNames.map(name => [name, written(parts, model, name)] as const)
      const data = toHost(model.params)
      const named = nameLeaves(data)
      const stamp = { format: formatName, version: String(modelVersion), library: libraryVersion }
      const bytes = encodeSafetensors(
        withChecksums({ tensors: named.tensors, metadata: { ...stamp, ...Object.fromEntries(texts), ...named.metadata } }),
      )
      expectRight(
        pipe(
          decodeSafetensors(bytes),
          E.chain(file => fitting(codecs, model, file)),
        ),
      )
      return bytes
    },
    decode: bytes =>
      pipe(
        decodeSafetensors(bytes),
        E.chain(latestVersion),
        E.chain(file =>
          pipe(
            decodeParts(parts, file),
            E.chain(model =>
              pipe(
                fitting(codecs, model, file),
                E.map(data => ({ ...model, params: toTensors(data) })),
              ),
            ),
          ),
        ),
        E.mapLeft(capped),
      ),
  }
}

const formatName = 'diffeo'
const partNames = ['spec', 'schema', 'record', 'event', 'context'] as const
type PartName = (typeof partNames)[number]
type Parts<Schema, FitRecord> = { readonly [K in PartName]: t.Type<Model<Schema, FitRecord>[K], unknown> }

const partsOf = <Schema, FitRecord>({ schema, record, registry = builtins }: ModelCodecs<Schema, FitRecord>): Parts<Schema, FitRecord> => ({
  spec: flowCodec(registry),
  schema,
  record,
  event: eventCodec,
  context: contextCodec,
})

/** A part as JSON, which is read back to be sure that it can be. */
const written = <Schema, FitRecord, Name extends PartName>(
  parts: Parts<Schema, FitRecord>,
  model: Model<Schema, FitRecord>,
  name: Name,
): string => {
  const part: Parts<Schema, FitRecord>[Name] = parts[name]
  return expectRight(
    pipe(
      plainData(part.encode(model[name])),
      E.chainFirst(json => decode<unknown>(part, json)),
      E.map(json => JSON.stringify(json)),
      E.mapLeft(errors => under([name], errors)),
    ),
  )
}

const expectRight = <A>(result: Either<DecodeErrors, A>): A => {
  if (E.isLeft(result)) throw new TypeError(`modelFile.encode: ${report(result.left)}`)
  return result.right
}

/** Brings a file to the version that is written now, or says whose it is. */
const latestVersion = (file: SafetensorsFile): Either<DecodeErrors, SafetensorsFile> => {
  const { format, version = '', library } = file.metadata
  if (format !== formatName)
    return failure(['__metadata__', 'format'], `'${formatName}'`, `${describe(format)}: a safetensors file of another program`)
  if (!/^[1-9]\d{0,8}$/.test(version))
    return failure(['__metadata__', 'version'], `a version from 1 to ${modelVersion}`, describe(file.metadata['version']))
  const number = Number(version)
  if (number > modelVersion) {
    const writer = library === undefined ? 'a later version of diffeo' : `diffeo ${printable(library)}`
    return failure(['__metadata__', 'version'], `a version from 1 to ${modelVersion}`, `${number}; to read it, install ${writer}`)
  }
  // Version 1 had no checksums yet.
  if (number > 1 && file.metadata[checksumsKey] === undefined) return failure(['__metadata__', checksumsKey], 'checksums', 'nothing')
  return migrations
    .slice(number - 1)
    .reduce<Either<DecodeErrors, SafetensorsFile>>((older, migrate) => pipe(older, E.chain(migrate)), E.right(file))
}

type Decoded<Schema, FitRecord> = Omit<Model<Schema, FitRecord>, 'params'>

const decodeParts = <Schema, FitRecord>(
  parts: Parts<Schema, FitRecord>,
  { metadata }: SafetensorsFile,
): Either<DecodeErrors, Decoded<Schema, FitRecord>> => {
  const decoded = partNames.map(name =>
    pipe(
      metadata[name] === undefined ? failure([], 'a text in the metadata', 'nothing') : parseJson(metadata[name]),
      E.chain(json => decode<unknown>(parts[name], json)),
      E.mapLeft(errors => under([name], errors)),
    ),
  )
  return pipe(
    all(decoded),
    // Each value stands where its name does, and its codec has checked it.
    E.map(values => Object.fromEntries(partNames.map((name, i) => [name, values[i]])) as unknown as Decoded<Schema, FitRecord>),
  )
}

/** The parameters of a file, checked against what the flow needs. */
const fitting = <Schema, FitRecord>(
  { like }: ModelCodecs<Schema, FitRecord>,
  model: Decoded<Schema, FitRecord>,
  file: SafetensorsFile,
): Either<DecodeErrors, TreeData> =>
  like === undefined
    ? treeFromFile(file)
    : pipe(
        checkImpliedSize(model.spec, model.event, model.context, parameterBytes(file)),
        E.chain(() => templateOf(like, model)),
        E.chain(template => treeFromFile(file, template)),
      )

const parameterBytes = ({ tensors }: SafetensorsFile): number => [...tensors.values()].reduce((n, { data }) => n + data.byteLength, 0)

const templateOf = <M>(like: (model: M) => Template, model: M): Either<DecodeErrors, Template> =>
  E.tryCatch(
    () => like(model),
    thrown => [
      decodeError(['spec'], 'a flow that can be built', printable(thrown instanceof Error ? thrown.message : String(thrown), 300)),
    ],
  )
