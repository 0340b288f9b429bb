import type { Either } from 'fp-ts/lib/Either.js'
import { left } from 'fp-ts/lib/Either.js'
import type { Path } from '@diffeo/core'
import { decodeError, halt, haltOf } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { defaultLimits } from './json.ts'
import type { Json, Limits } from './json.ts'
import { describe, printable } from './printable.ts'

/**
 * A copy of a value that is plain data: null, booleans, finite numbers, texts, lists, and records without inherited fields.
 *
 * It comes before every codec, because io-ts recurses without a limit, reads inherited fields, runs getters and lets the key
 * `__proto__` replace a prototype. Nothing of a foreign object runs here: a getter is an error, and what a proxy throws is
 * caught. A field that is undefined is left out, as JSON.stringify does.
 */
export const plainData = (u: unknown, limits: Limits = defaultLimits): Either<DecodeErrors, Json> => {
  const at: Array<string | number> = []
  try {
    return { _tag: 'Right', right: copy(u, { at, limits, branches: 0, scalars: 0 }) }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return left([haltOf(thrown) ?? decodeError(at, 'plain data', `an object that threw: ${printable(message)}`)])
  }
}

interface Walk {
  readonly at: Array<string | number>
  readonly limits: Limits
  branches: number
  scalars: number
}

const copy = (u: unknown, walk: Walk): Json => {
  if (typeof u !== 'object' || u === null) return scalar(u, walk)
  const { at, limits } = walk
  if (at.length >= limits.depth) halt(at, `at most ${limits.depth} levels`, 'more')
  if (++walk.branches > limits.branches) halt(at, `at most ${limits.branches} lists and records`, 'more')
  return Array.isArray(u) ? copyList(u, walk) : copyRecord(u, walk)
}

const scalar = (u: unknown, walk: Walk): Json => {
  if (++walk.scalars > walk.limits.scalars) halt(walk.at, `at most ${walk.limits.scalars} values`, 'more')
  if (typeof u === 'number' && !Number.isFinite(u)) halt(walk.at, 'a finite number', String(u))
  if (u === null || typeof u === 'boolean' || typeof u === 'number' || typeof u === 'string') return u
  return halt(walk.at, 'plain data', describe(u))
}

const copyList = (list: ReadonlyArray<unknown>, walk: Walk): ReadonlyArray<Json> => {
  const { length } = list
  if (length > walk.limits.scalars) halt(walk.at, `at most ${walk.limits.scalars} values`, String(length))
  return Array.from({ length }, (_, i) => child(list, i, walk))
}

const copyRecord = (record: object, walk: Walk): { readonly [key: string]: Json } => {
  const prototype: unknown = Object.getPrototypeOf(record)
  // Another realm's Object.prototype is not ours, but nothing stands above it either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    halt(walk.at, 'a plain record', ArrayBuffer.isView(record) ? 'a typed array' : 'an object of a class, or one that inherits')
  const keys = Object.keys(record).filter(key => Object.getOwnPropertyDescriptor(record, key)?.value !== undefined || isGetter(record, key))
  if (keys.includes('__proto__')) halt([...walk.at, '__proto__'], 'a key other than __proto__', "'__proto__'")
  return Object.fromEntries(keys.map(key => [key, child(record, key, walk)]))
}

const isGetter = (record: object, key: string): boolean => Object.getOwnPropertyDescriptor(record, key)?.get !== undefined

const child = (branch: object, step: string | number, walk: Walk): Json => {
  walk.at.push(step)
  const property = Object.getOwnPropertyDescriptor(branch, step)
  if (property?.get) halt(walk.at as Path, 'plain data', 'a getter')
  const value = copy(property?.value, walk)
  walk.at.pop()
  return value
}
