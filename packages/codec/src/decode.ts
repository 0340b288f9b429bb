import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Path } from '@diffeo/core'
import * as t from 'io-ts'
import { capped, decodeError, errorLimit, moreErrors, report, under } from './decode-error.ts'
import type { DecodeError, DecodeErrors } from './decode-error.ts'
import type { Limits } from './json.ts'
import { plainData } from './plain-data.ts'
import { describeData } from './printable.ts'

/** Decodes a value from outside by an io-ts codec, after `plainData` has walked it. */
export const decode = <A>(codec: t.Decoder<unknown, A>, u: unknown, limits?: Limits): Either<DecodeErrors, A> =>
  pipe(
    plainData(u, limits),
    E.chain(data => pipe(codec.decode(data), E.mapLeft(fromValidation))),
  )

/** io-ts' errors as ours. What a codec says in the message of an error is what it expected; else its name is. */
export const fromValidation = (errors: t.Errors): DecodeErrors =>
  capped(errors.map((error, i) => ownError(error) ?? (i < errorLimit ? translated(error) : moreErrors(1))))

const translated = ({ context, message, value }: t.ValidationError): DecodeError =>
  decodeError(pathOf(context), message ?? context[context.length - 1]?.type.name ?? 'another value', describeData(value))

/** The error that `toValidation` put there. */
const ownError = ({ context }: t.ValidationError): DecodeError | undefined => {
  const last = context[context.length - 1]
  return last?.type === located ? under(pathOf(context), [last.actual as DecodeError])[0] : undefined
}

/** The way to a value. The steps that unions and intersections put in are no steps of the data; '' stands for the root. */
const pathOf = (context: t.Context): Path =>
  context.flatMap(({ key }, i): Path => {
    const parent = context[i - 1]
    if (parent === undefined || key === '' || isChoice(parent.type)) return []
    return Array.isArray(parent.actual) ? [Number(key)] : [key]
  })

const isChoice = (type: t.Decoder<unknown, unknown>): boolean =>
  '_tag' in type && (type._tag === 'UnionType' || type._tag === 'IntersectionType')

/** Our errors in io-ts' form, for codecs that walk on their own; `fromValidation` takes them out again. */
export const toValidation = (errors: DecodeErrors, context: t.Context): t.Errors =>
  errors.map(error => ({
    value: undefined,
    context: [...context, { key: '', type: located, actual: error }],
    message: report([error]),
  }))

/** The mark of a context entry whose `actual` is an error of ours. */
const located: t.Decoder<unknown, never> = new t.Type<never, unknown, unknown>('an error', t.never.is, t.failure, t.identity)
