import { builtins } from '@diffeo/core'
import type { DistributionSpec, FlowSpec, Path, Registry, SpecCodec } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { builtinCodecs, mostLayers } from './builtin-codecs.ts'
import { halt, halting } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decode, toValidation } from './decode.ts'
import type { Codec } from './fields.ts'
import type { Json, Limits } from './json.ts'
import { plainData } from './plain-data.ts'
import { distributionSpec } from './spec-kind.ts'
import type { SpecCodecs, SpecKind, SpecScope } from './spec-kind.ts'

/** How much a spec may hold: 64 levels, 10,000 lists and records, 100,000 numbers and texts. */
const specLimits: Limits = { depth: 64, branches: 10_000, scalars: 100_000 }

/**
 * The codec of the specs that a registry knows: a distribution, a flow most of the time. A tag is read by its entry's codec, or
 * by the one of `builtinCodecs`. Unknown tags and fields are errors that name the nearest known one, and so is a spec of more
 * than 10,000 layers, counting each as often as `repeat` does.
 *
 * A registry's codec is an io-ts codec; for the specs that it holds there are `bijectorSpec`, `transformerSpec`, `networkSpec`
 * and `distributionSpec`. It must keep `_tag`.
 */
export const specCodec = (registry: Registry = builtins): Codec<DistributionSpec> & SpecScope => {
  const codec: Codec<DistributionSpec> & SpecScope = Object.assign(
    new t.Type<DistributionSpec, unknown, unknown>(
      'a distribution',
      distributionSpec.is,
      (u, context) =>
        pipe(
          plainData(u, specLimits),
          E.chain(data => halting(() => (countLayers(data, []), data))),
          E.mapLeft(errors => toValidation(errors, context)),
          E.chain(data => distributionSpec.validate(data, [...context, { key: '', type: codec, actual: data }])),
        ),
      t.identity,
    ),
    { specs: codecsOf(registry) },
  )
  return codec
}

/**
 * Reads a spec: `bijector.bijectors[2].transformer.bins: expected an integer >= 1, got -3`.
 *
 * @example pipe(parseJson(text), E.chain(decodeSpec()))
 */
export const decodeSpec = (registry: Registry = builtins): ((u: unknown) => Either<DecodeErrors, DistributionSpec>) => {
  const codec = specCodec(registry)
  return u => decode(codec, u, specLimits)
}

/** The same for specs of flows alone. */
export const flowCodec = (registry: Registry = builtins): Codec<FlowSpec> => {
  const codec = specCodec(registry)
  const isFlow = (spec: DistributionSpec): spec is FlowSpec => spec._tag === 'flow'
  return new t.Type<FlowSpec, unknown, unknown>(
    'a flow',
    (u): u is FlowSpec => codec.is(u) && isFlow(u),
    (u, context) =>
      pipe(
        codec.validate(u, context),
        E.chain(spec => (isFlow(spec) ? t.success(spec) : t.failure(spec._tag, t.appendContext(context, '_tag', t.string), "'flow'"))),
      ),
    t.identity,
  )
}

/** Reads the spec of a flow, such as the contents of a file that a user wrote. */
export const decodeFlow = (registry: Registry = builtins): ((u: unknown) => Either<DecodeErrors, FlowSpec>) => {
  const codec = flowCodec(registry)
  return u => decode(codec, u, specLimits)
}

const codecsOf = (registry: Registry): SpecCodecs => ({
  bijector: ofKind(registry, 'bijector'),
  transformer: ofKind(registry, 'transformer'),
  network: ofKind(registry, 'network'),
  distribution: ofKind(registry, 'distribution'),
})

const ofKind = (registry: Registry, kind: SpecKind): SpecCodecs[SpecKind] => {
  const builtin: SpecCodecs[SpecKind] = builtinCodecs[kind]
  return Object.fromEntries(
    Object.entries(registry[kind]).map(([tag, { codec }]) => [
      tag,
      codec !== undefined ? keepingTag(tag, codec) : Object.hasOwn(builtin, tag) ? builtin[tag]! : withoutCodec(tag),
    ]),
  )
}

/** A codec that gives back another `_tag`, or none (as `t.strict` does when it is not told of the field), would break `build`. */
const keepingTag = (tag: string, codec: SpecCodec): t.Decoder<unknown, unknown> =>
  decoder(codec.name, (u, context) =>
    pipe(
      isIoTs(codec) ? codec.validate(u, context) : foreignResult(codec, u, context),
      E.chain(spec =>
        typeof spec === 'object' && spec !== null && '_tag' in spec && spec._tag === tag
          ? t.success<unknown>(spec)
          : t.failure(undefined, context, `a codec for '${tag}' that keeps its _tag`),
      ),
    ),
  )

const withoutCodec = (tag: string): t.Decoder<unknown, unknown> =>
  decoder(tag, (_, context) => t.failure(undefined, context, `a codec in the registry's entry for '${tag}'`))

const decoder = (name: string, validate: t.Validate<unknown, unknown>): t.Decoder<unknown, unknown> =>
  new t.Type<unknown, unknown, unknown>(name, t.unknown.is, validate, t.identity)

const isIoTs = (codec: SpecCodec): codec is SpecCodec & t.Decoder<unknown, unknown> =>
  'validate' in codec && typeof codec.validate === 'function'

/** The result of a codec that only has the `decode` that the registry asks for; whatever is no `Right` is a failure. */
const foreignResult = (codec: SpecCodec, u: unknown, context: t.Context): t.Validation<unknown> => {
  const result = codec.decode(u)
  const isRight = typeof result === 'object' && result !== null && '_tag' in result && result._tag === 'Right' && 'right' in result
  return isRight ? t.success(result.right) : t.failure(u, context, codec.name)
}

/** The number of specs in plain data, as often as `repeat` builds them; halts where there are too many. */
const countLayers = (data: Json, path: Path): number => {
  if (typeof data !== 'object' || data === null) return 0
  const entries: ReadonlyArray<readonly [string | number, Json]> = Array.isArray(data)
    ? data.map((child: Json, i) => [i, child] as const)
    : Object.entries(data)
  const inner = entries.reduce((n, [step, child]) => n + countLayers(child, [...path, step]), 0)
  const { _tag: tag, times } = data as { readonly [key: string]: Json | undefined }
  const layers = (tag === undefined ? 0 : 1) + (tag === 'repeat' && typeof times === 'number' ? Math.max(times, 1) : 1) * inner
  return layers <= mostLayers ? layers : halt(path, `at most ${mostLayers} layers`, String(layers))
}
