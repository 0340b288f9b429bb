import { nearest } from '@diffeo/codec'
import type { ColumnDeclaration, ColumnKind, TableSchema } from './kind.ts'
import { kindCodec } from './kind.ts'

const circles: { readonly [word: string]: readonly [number, number] } = {
  degrees: [0, 360],
  radians: [0, 2 * Math.PI],
  hours: [0, 24],
}

const words = ['real', 'positive', 'bounded', 'circular', 'degrees', 'radians', 'hours', 'integer', 'categorical', 'latitude', 'longitude']

/** The forms that `parseDeclaration` reads, for messages. */
export const declarationForms =
  'real, positive, bounded(low, high), degrees, radians, hours, circular(from, to), integer, integer(low, high), categorical, categorical(a|b|c), latitude, longitude'

/**
 * A kind as a person writes it: `positive`, `bounded(0, 100)`, `degrees`, `circular(-180, 180)`, `integer(0, )`, `categorical(a|b|c)`.
 * `parseDeclaration` reads it back.
 */
export const describeKind = (kind: ColumnKind): string => {
  switch (kind._tag) {
    case 'bounded':
      return `bounded(${kind.low}, ${kind.high})`
    case 'circular': {
      const word = Object.entries(circles).find(([, [from, to]]) => from === kind.from && to === kind.to)
      return word?.[0] ?? `circular(${kind.from}, ${kind.to})`
    }
    case 'integer':
      return kind.low === null && kind.high === null ? 'integer' : `integer(${kind.low ?? ''}, ${kind.high ?? ''})`.replace('(, ', '(,')
    case 'categorical':
      return kind.categories === undefined ? 'categorical' : `categorical(${kind.categories.join('|')})`
    default:
      return kind._tag
  }
}

/** A declaration as a person writes it: its kind, with `?` behind it where cells may be missing. */
export const describeDeclaration = ({ kind, missing }: ColumnDeclaration): string => `${describeKind(kind)}${missing ? '?' : ''}`

/** What is wrong with a text that should be a declaration, or the declaration. */
export type Parsed = { readonly declaration: ColumnDeclaration } | { readonly expected: string; readonly advice?: string | undefined }

/**
 * Reads a declaration such as `positive`, `bounded(0, 100)?` or `categorical(a|b|c)`; a `?` behind it says that cells may be missing.
 */
export const parseDeclaration = (text: string): Parsed => {
  const found = /^\s*([a-zA-Z]+)\s*(?:\((.*)\))?\s*(\?)?\s*$/.exec(text)
  const word = found?.[1] ?? ''
  if (!words.includes(word)) {
    const near = nearest(word, words)
    return { expected: `a kind of column: ${declarationForms}`, advice: near === undefined ? undefined : `did you mean ${near}?` }
  }
  const kind = kindOf(word, found?.[2])
  return kind === undefined || !kindCodec.is(kind) ? { expected: formOf(word) } : { declaration: { kind, missing: found?.[3] === '?' } }
}

const formOf = (word: string): string => {
  const form = {
    bounded: 'bounded(low, high) with low < high, such as bounded(0, 100)',
    circular: 'circular(from, to) with from < to, such as circular(-180, 180)',
    integer: 'integer, or integer(low, high) with whole numbers, either of which may be left out',
    categorical: 'categorical, or categorical(a|b|c) with at least two different names',
  }[word]
  return form ?? `${word} without parentheses`
}

const kindOf = (word: string, inside: string | undefined): ColumnKind | undefined => {
  if (word === 'categorical')
    return inside === undefined ? { _tag: word } : { _tag: word, categories: inside.split('|').map(name => name.trim()) }
  const numbers = inside?.split(',').map(part => (part.trim() === '' ? null : Number(part)))
  if (numbers?.some(Number.isNaN)) return undefined
  const [low = null, high = null] = numbers ?? []
  const pair = numbers?.length === 2 && low !== null && high !== null
  switch (word) {
    case 'real':
    case 'positive':
    case 'latitude':
    case 'longitude':
      return numbers === undefined ? { _tag: word } : undefined
    case 'bounded':
      return pair ? { _tag: word, low, high } : undefined
    case 'circular':
      return pair ? { _tag: word, from: low, to: high } : undefined
    case 'integer':
      return numbers === undefined || numbers.length === 2 ? { _tag: word, low, high } : undefined
    default: {
      const circle = circles[word]
      return circle === undefined || numbers !== undefined ? undefined : { _tag: 'circular', from: circle[0], to: circle[1] }
    }
  }
}

/** A schema in lines, one a column: `wind_direction  degrees`. */
export const schemaLines = (schema: TableSchema): ReadonlyArray<string> => {
  const names = Object.keys(schema)
  const width = Math.max(0, ...names.map(name => name.length))
  return names.map(name => `${name.padEnd(width)}  ${shortened(describeDeclaration(schema[name]!))}`)
}

/** Many categories in a line: the first ones, and how many there are. */
const shortened = (text: string): string => {
  if (text.length <= 100) return text
  const parts = text.split('|')
  return `${parts.slice(0, 6).join('|')}|... (${parts.length} categories)${text.endsWith('?') ? '?' : ''}`
}
