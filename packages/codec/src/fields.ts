import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { suggestion } from './nearest.ts'

/** A codec that reads plain data and writes JSON. */
export type Codec<A> = t.Type<A, unknown, unknown>
/** A codec for each field of A. */
export type Fields<A> = { readonly [K in keyof A & string]: Codec<A[K]> }

/** Makes a codec whose values are written as they are. `check` gives what was expected instead, or nothing when the value will do. */
export const checked = <A>(name: string, check: (u: unknown) => string | undefined): Codec<A> =>
  new t.Type<A, unknown, unknown>(
    name,
    (u): u is A => check(u) === undefined,
    (u, context) => {
      const expected = check(u)
      // `check` is the proof that u is an A.
      return expected === undefined ? t.success(u as A) : t.failure(u, context, expected)
    },
    t.identity,
  )

/**
 * A record of exactly these fields: own ones only; a missing and an unknown one is an error with its path, where io-ts' `t.type`
 * reads inherited fields and `t.strict` drops unknown ones. A field whose codec takes `undefined` may be missing.
 */
export const fields = <A>(name: string, codecs: Fields<A>): Codec<A> => {
  // TypeScript gives the keys of any object as texts.
  const known = Object.keys(codecs) as ReadonlyArray<string> as ReadonlyArray<keyof A & string>
  const is = (u: unknown): u is A =>
    isRecord(u) && Object.keys(u).every(k => Object.hasOwn(codecs, k)) && known.every(k => codecs[k].is(own(u, k)))
  const validate = (u: unknown, context: t.Context): t.Validation<A> => {
    if (!isRecord(u)) return t.failure(u, context, `a record with the fields ${known.join(', ')}`)
    const read = known.map(k => [k, codecs[k].validate(own(u, k), t.appendContext(context, k, codecs[k], own(u, k)))] as const)
    const unknown = Object.keys(u)
      .filter(k => !Object.hasOwn(codecs, k))
      .map(k => ({
        value: u[k],
        context: t.appendContext(context, k, t.undefined, u[k]),
        message: `no field of this name${suggestion(k, known) || `; the known ones are ${known.join(', ')}`}`,
      }))
    const errors = [...read.flatMap(([, result]) => (E.isLeft(result) ? result.left : [])), ...unknown]
    if (errors.length > 0) return t.failures(errors)
    const values = read.flatMap(([k, result]) => (E.isRight(result) && result.right !== undefined ? [[k, result.right] as const] : []))
    // One value of the right type for each field of A.
    return t.success(Object.fromEntries(values) as A)
  }
  const encode = (a: A): unknown =>
    Object.fromEntries(known.flatMap(k => (a[k] === undefined ? [] : [[k, codecs[k].encode(a[k])] as const])))
  return new t.Type<A, unknown, unknown>(name, is, validate, encode)
}

/**
 * Chooses the codec by looking at the value, so that one member's errors are reported and not every member's. Values are written
 * as they are.
 */
export const choice = <A>(name: string, choose: (u: unknown) => t.Decoder<unknown, A> | undefined): Codec<A> => {
  const validate: t.Validate<unknown, A> = (u, context) => choose(u)?.validate(u, context) ?? t.failure(u, context, name)
  return new t.Type<A, unknown, unknown>(name, (u): u is A => E.isRight(validate(u, [])), validate, t.identity)
}

/** One of some words. */
export const word = <A extends string>(...words: ReadonlyArray<A>): Codec<A> => {
  const name = words.map(w => `'${w}'`).join(', ')
  return checked<A>(words.length === 1 ? name : `one of ${name}`, u =>
    words.some(w => w === u)
      ? undefined
      : `${words.length === 1 ? name : `one of ${name}`}${typeof u === 'string' ? suggestion(u, words) : ''}`,
  )
}

/** An integer from `least` to `most`. */
export const integer = (least: number = -Number.MAX_SAFE_INTEGER, most: number = Number.MAX_SAFE_INTEGER): Codec<number> => {
  const [above, below] = [`an integer >= ${least}`, `an integer <= ${most}`]
  return checked(above, u => (Number.isSafeInteger(u) && (u as number) >= least ? ((u as number) <= most ? undefined : below) : above))
}

/** True, false or nothing. */
export const flag: Codec<boolean | undefined> = checked('true or false', u =>
  u === undefined || typeof u === 'boolean' ? undefined : 'true or false',
)

/** A codec of a field that may be missing. */
export const optional = <A>(codec: Codec<A>): Codec<A | undefined> =>
  new t.Type<A | undefined, unknown, unknown>(
    codec.name,
    (u): u is A | undefined => u === undefined || codec.is(u),
    (u, context) => (u === undefined ? t.success(undefined) : codec.validate(u, context)),
    a => (a === undefined ? undefined : codec.encode(a)),
  )

/** A finite number, as `condition` asks; `name` says what that is. */
export const finite = (name = 'a finite number', condition: (x: number) => boolean = () => true): Codec<number> =>
  checked(name, u => (typeof u === 'number' && Number.isFinite(u) && condition(u) ? undefined : name))

/** A codec with a further condition on what it has read; `expected` gives what was expected instead, or nothing. */
export const where = <A>(codec: Codec<A>, expected: (a: A) => string | undefined): Codec<A> =>
  new t.Type<A, unknown, unknown>(
    codec.name,
    (u): u is A => codec.is(u) && expected(u) === undefined,
    (u, context) => {
      const read = codec.validate(u, context)
      const fault = E.isRight(read) ? expected(read.right) : undefined
      return fault === undefined ? read : t.failure(u, context, fault)
    },
    codec.encode,
  )

const isPermutation = (order: ReadonlyArray<number>): boolean => new Set(order).size === order.length && order.every(i => i < order.length)

/** Each of the indices of a list once, in any order. */
export const orderCodec: Codec<ReadonlyArray<number>> = where(t.readonlyArray(integer(0), 'a list of indices'), indices =>
  indices.length > 0 && isPermutation(indices) ? undefined : `each of 0 to ${Math.max(indices.length - 1, 0)} once`,
)

const isRecord = (u: unknown): u is { readonly [key: string]: unknown } => typeof u === 'object' && u !== null && !Array.isArray(u)

const own = (record: { readonly [key: string]: unknown }, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined)
