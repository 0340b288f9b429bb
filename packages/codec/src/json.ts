import type { Either } from 'fp-ts/lib/Either.js'
import type { Path } from '@diffeo/core'
import { halt, halting } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { describe } from './printable.ts'

/** What JSON can hold. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** How much a JSON value may hold: levels of nesting, lists and records, and values that are neither. */
export interface Limits {
  readonly depth: number
  readonly branches: number
  readonly scalars: number
}

/** The limits where none are given: 64 levels, 100,000 lists and records, 2^24 other values. */
export const defaultLimits: Limits = { depth: 64, branches: 100_000, scalars: 2 ** 24 }

/**
 * Strict JSON. Beyond `JSON.parse` it refuses a key that stands twice, the key `__proto__`, numbers that overflow to infinity
 * and whatever passes the limits, and says where. A byte-order mark at the start is skipped.
 */
export const parseJson = (text: string, limits: Limits = defaultLimits): Either<DecodeErrors, Json> =>
  halting(() => {
    const source: Source = { text, limits, at: text.startsWith('\uFEFF') ? 1 : 0, branches: 0, scalars: 0 }
    const value = readValue(source, [])
    if (peek(source) !== '') halt([], 'nothing after the JSON value', found(source))
    return value
  })

/** The text and how far it has been read. */
interface Source {
  readonly text: string
  readonly limits: Limits
  at: number
  branches: number
  scalars: number
}

const readValue = (source: Source, path: Path): Json => {
  const first = peek(source)
  if (first === '{') return readRecord(source, path)
  if (first === '[') return readList(source, path)
  if (++source.scalars > source.limits.scalars) halt(path, `at most ${source.limits.scalars} values`, 'more')
  if (first === '"') return readString(source, path)
  const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/.exec(
    source.text.slice(source.at, source.at + 100),
  )
  if (word === null) return halt(path, 'a JSON value', found(source))
  source.at += word[0].length
  const value = JSON.parse(word[0]) as null | boolean | number
  if (typeof value === 'number' && !Number.isFinite(value)) halt(path, 'a finite number', word[0])
  return value
}

const readList = (source: Source, path: Path): ReadonlyArray<Json> => {
  enter(source, path)
  const items: Json[] = []
  if (peek(source) === ']') return (source.at++, items)
  for (;;) {
    items.push(readValue(source, [...path, items.length]))
    if (ends(source, path, ']')) return items
  }
}

const readRecord = (source: Source, path: Path): { readonly [key: string]: Json } => {
  enter(source, path)
  const fields = new Map<string, Json>()
  if (peek(source) === '}') return (source.at++, {})
  for (;;) {
    if (peek(source) !== '"') halt(path, 'a key in double quotes', found(source))
    const key = readString(source, path)
    if (key === '__proto__') halt([...path, key], 'a key other than __proto__', "'__proto__'")
    if (fields.has(key)) halt([...path, key], 'each key once', 'a second one')
    if (peek(source) !== ':') halt([...path, key], "':' after the key", found(source))
    source.at++
    fields.set(key, readValue(source, [...path, key]))
    if (ends(source, path, '}')) return Object.fromEntries(fields)
  }
}

/** Steps over an opening bracket. */
const enter = (source: Source, path: Path): void => {
  source.at++
  if (path.length >= source.limits.depth) halt(path, `at most ${source.limits.depth} levels`, 'more')
  if (++source.branches > source.limits.branches) halt(path, `at most ${source.limits.branches} lists and records`, 'more')
}

/** Steps over a comma, or over the closing bracket: then true. */
const ends = (source: Source, path: Path, close: ']' | '}'): boolean => {
  const next = peek(source)
  if (next !== ',' && next !== close) halt(path, `',' or '${close}'`, found(source))
  source.at++
  return next === close
}

const readString = (source: Source, path: Path): string => {
  const start = source.at
  let end = start + 1
  let plain = true
  for (; source.text[end] !== '"'; end++) {
    const code = source.text.charCodeAt(end)
    if (!(code >= 0x20)) return ((source.at = end), halt(path, "the end of a text, '\"'", found(source)))
    if (code === backslash) {
      plain = false
      end++
    }
  }
  source.at = end + 1
  if (plain) return source.text.slice(start + 1, end)
  try {
    return JSON.parse(source.text.slice(start, end + 1)) as string
  } catch {
    return halt(path, 'a text with valid escapes', describe(source.text.slice(start + 1, end)))
  }
}

const backslash = 0x5c

/** The next character that is not white space; '' at the end. */
const peek = (source: Source): string => {
  while (isSpace(source.text.charCodeAt(source.at))) source.at++
  return source.text.charAt(source.at)
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** What stands at the cursor, with its line and column, both from 1. */
const found = (source: Source): string => {
  const before = source.text.slice(0, source.at)
  const what = source.at >= source.text.length ? 'the end' : describe(source.text[source.at])
  return `${what} (line ${before.split('\n').length}, column ${source.at - before.lastIndexOf('\n')})`
}
