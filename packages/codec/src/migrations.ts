import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { failure, under } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'
import { describeData } from './printable.ts'
import type { SafetensorsFile } from './safetensors.ts'

/** Turns a model file of one version into one of the next. What it gives is checked like any file from outside. */
export type Migration = (file: SafetensorsFile) => Either<DecodeErrors, SafetensorsFile>

/**
 * Version 1 to 2. In version 1 one text, `config`, held everything, and a flow was tagged 'transformed'.
 */
const splitConfig: Migration = ({ tensors, metadata }) => {
  const { config, ...others } = metadata
  if (config === undefined) return failure(['__metadata__', 'config'], 'the contents of a model file of version 1', 'nothing')
  return pipe(
    parseJson(config),
    E.chain(json => (isRecord(json) ? E.right(json) : failure([], 'a record', describeData(json)))),
    E.mapLeft(errors => under(['__metadata__', 'config'], errors)),
    E.map(({ spec = null, ...rest }) => {
      const contents = { ...rest, spec: renamed(spec) }
      const texts = Object.entries(contents).map(([key, value]) => [key, JSON.stringify(value)] as const)
      return { tensors, metadata: { ...others, ...Object.fromEntries(texts), version: '2' } }
    }),
  )
}

const renamed = (json: Json): Json => {
  if (Array.isArray(json)) return json.map(renamed)
  if (!isRecord(json)) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, key === '_tag' && value === 'transformed' ? 'flow' : renamed(value)]),
  )
}

const isRecord = (json: Json): json is { readonly [key: string]: Json } => typeof json === 'object' && json !== null && !Array.isArray(json)

/** The migration at index i reads version i + 1. They are applied one after another, up to the version that is written. */
export const migrations: ReadonlyArray<Migration> = [splitConfig]
