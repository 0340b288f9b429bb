import type { BijectorSpec, DistributionSpec, NetworkSpec, Registry, TransformerSpec } from '@diffeo/core'
import type * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Codec } from './fields.ts'
import { suggestion } from './nearest.ts'

/** The four kinds of specs, as a registry names them. */
export type SpecKind = keyof Registry

/** How the tags of each kind are read. */
export type SpecCodecs = { readonly [K in SpecKind]: { readonly [tag: string]: t.Decoder<unknown, unknown> } }

/** A codec that gives the tags of a registry their codecs, wherever below it a spec stands. */
export type SpecScope = { readonly specs: SpecCodecs }

/** Any bijector of the registry that the codec around it was made for: for the fields of a codec of your own. */
export const bijectorSpec: Codec<BijectorSpec> = specOf('bijector')
/** Any transformer of the registry that the codec around it was made for. */
export const transformerSpec: Codec<TransformerSpec> = specOf('transformer')
/** Any network of the registry that the codec around it was made for. */
export const networkSpec: Codec<NetworkSpec> = specOf('network')
/** Any distribution of the registry that the codec around it was made for. */
export const distributionSpec: Codec<DistributionSpec> = specOf('distribution')

/**
 * The registry is not an argument: io-ts hands down the codecs on the way to a value (its context), and the nearest `SpecScope`
 * among them knows the tags. So a codec for one tag is a constant, and holds in every registry.
 */
function specOf<A>(kind: SpecKind): Codec<A> {
  return new t.Type<A, unknown, unknown>(
    `a ${kind}`,
    // Whether it is one of the registry's only `decode` can tell: `is` has no context.
    (u): u is A => tagOf(u) !== undefined,
    (u, context) => {
      const specs = scopeOf(context)
      if (specs === undefined) return t.failure(u, context, `a ${kind} below specCodec(registry)`)
      const tag = tagOf(u)
      const codec = tag !== undefined && Object.hasOwn(specs[kind], tag) ? specs[kind][tag] : undefined
      // The codec of a tag is the registry's word for what an A is.
      if (codec !== undefined) return codec.validate(u, context) as E.Either<t.Errors, A>
      if (typeof u !== 'object' || u === null || Array.isArray(u)) return t.failure(u, context, `a ${kind}: a record with a _tag`)
      const found = Object.hasOwn(u, '_tag') ? (u as { readonly _tag: unknown })._tag : undefined
      return t.failure(found, t.appendContext(context, '_tag', t.string, found), expectedTag(kind, tag, specs))
    },
    t.identity,
  )
}

const tagOf = (u: unknown): string | undefined => {
  const tag = typeof u === 'object' && u !== null && Object.hasOwn(u, '_tag') ? (u as { readonly _tag: unknown })._tag : undefined
  return typeof tag === 'string' ? tag : undefined
}

const scopeOf = (context: t.Context): SpecCodecs | undefined => {
  const scope = context.findLast(({ type }) => 'specs' in type)?.type
  // Found by the field that makes it one.
  return (scope as (t.Decoder<unknown, unknown> & SpecScope) | undefined)?.specs
}

/** `a bijector, one of actNorm, chain, ... (did you mean 'chain'?)` */
const expectedTag = (kind: SpecKind, tag: string | undefined, specs: SpecCodecs): string => {
  const known = Object.keys(specs[kind]).sort()
  const other = (Object.keys(specs) as ReadonlyArray<SpecKind>).find(k => tag !== undefined && Object.hasOwn(specs[k], tag))
  const hint = tag === undefined ? '' : other === undefined ? suggestion(tag, known) : ` ('${tag}' is a ${other})`
  return `a ${kind}, one of ${known.join(', ')}${hint}`
}
