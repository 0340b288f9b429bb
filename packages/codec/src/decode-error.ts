import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { showPath } from '@diffeo/core'
import type { Path } from '@diffeo/core'
import { printable } from './printable.ts'

/** What is wrong with data from outside, and where: `path` is `$` for the whole, else like `bijector.bijectors[2].bins`. */
export type DecodeError = { readonly path: string; readonly expected: string; readonly actual: string }
/** What a decoding that failed gives: at most ten errors, and one that counts the rest. */
export type DecodeErrors = ReadonlyArray<DecodeError>

/** How many errors are kept; a last entry counts the rest. */
export const errorLimit = 10

/** An error at a path. Names in the path are made printable, and a very long path loses its middle. */
export const decodeError = (path: Path, expected: string, actual: string): DecodeError => ({ path: showPrintable(path), expected, actual })

const showPrintable = (path: Path): string => {
  const shown = showPath(path.map(step => (typeof step === 'number' ? step : step === '' ? "''" : printable(step, 60))))
  return shown.length > 240 ? `${shown.slice(0, 120)}…${shown.slice(-119)}` : shown
}

/** A decoding that failed with one error. */
export const failure = (path: Path, expected: string, actual: string): Either<DecodeErrors, never> =>
  E.left([decodeError(path, expected, actual)])

/** The first ten errors, and one that says how many more there are. */
export const capped = (errors: DecodeErrors): DecodeErrors => {
  const own = errors.filter(error => !isCount(error))
  const counted = errors.filter(isCount).reduce((n, { actual }) => n + Number.parseInt(actual, 10), 0)
  const more = Math.max(0, own.length - errorLimit) + counted
  return more === 0 ? own : [...own.slice(0, errorLimit), moreErrors(more)]
}

/** The entry that stands for errors that are not listed. */
export const moreErrors = (count: number): DecodeError => ({ path: '', expected: noMore, actual: `${count} more` })

const noMore = 'no more errors'

const isCount = ({ expected }: DecodeError): boolean => expected === noMore

/** The same errors in a larger thing: `under(['spec'], ...)` turns `bijector.bins` into `spec.bijector.bins`. */
export const under = (outer: Path, errors: DecodeErrors): DecodeErrors =>
  outer.length === 0 ? errors : errors.map(error => (isCount(error) ? error : { ...error, path: joined(showPrintable(outer), error.path) }))

const joined = (outer: string, path: string): string =>
  path === '$' ? outer : path.startsWith('[') ? `${outer}${path}` : `${outer}.${path}`

/**
 * Errors as text, one a line: `bijector.bijectors[2].conditioner.w1: expected f32[64,12], got f32[64,11]`. The only place that
 * makes text of them.
 */
export const report = (errors: DecodeErrors): string =>
  errors
    .map(error => (isCount(error) ? `and ${error.actual} errors` : `${error.path}: expected ${error.expected}, got ${error.actual}`))
    .join('\n')

const halts = new WeakMap<object, DecodeError>()

/**
 * Leaves the `halting` around it with an error. For walks that go deep and stop at the first fault, where an `Either` for each
 * of a million numbers would cost more than the walk.
 */
export const halt = (path: Path, expected: string, actual: string): never => {
  const error = decodeError(path, expected, actual)
  const thrown = new Error(report([error]))
  halts.set(thrown, error)
  throw thrown
}

/** The result of `body`, or the error with which it called `halt`. Any other exception passes. */
export const halting = <A>(body: () => A): Either<DecodeErrors, A> => {
  try {
    return E.right(body())
  } catch (thrown) {
    const error = haltOf(thrown)
    if (error === undefined) throw thrown
    return E.left([error])
  }
}

/** The error with which `halt` was called, when that is what was thrown. */
export const haltOf = (thrown: unknown): DecodeError | undefined => (thrown instanceof Error ? halts.get(thrown) : undefined)

/** All values, or all errors. */
export const all = <A>(results: ReadonlyArray<Either<DecodeErrors, A>>): Either<DecodeErrors, ReadonlyArray<A>> => {
  const errors = results.flatMap(result => (E.isLeft(result) ? result.left : []))
  return errors.length > 0 ? E.left(errors) : E.right(results.flatMap(result => (E.isRight(result) ? [result.right] : [])))
}
