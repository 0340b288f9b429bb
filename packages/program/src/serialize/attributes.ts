import { isBinary, isUnary } from '../primitives.ts'
import type { Binary, Primitive, Unary } from '../program.ts'

/** What an attribute is: sizes and axes are integers >= 0, a list of words is a choice of one. */
export type Kind =
  'integer' | 'integers' | 'number' | 'boolean' | 'dtype' | 'text' | 'json' | 'program' | 'program or null' | ReadonlyArray<string>

type Structured = Exclude<Primitive['op'], Unary | Binary>
type NamesOf<Op extends Structured> = Exclude<keyof Extract<Primitive, { readonly op: Op }>, 'op'>

/** The attributes of every primitive that has some. */
const attributes: { readonly [Op in Structured]: { readonly [Name in NamesOf<Op>]: Kind } } = {
  cast: { dtype: 'dtype' },
  select: {},
  broadcast: { shape: 'integers', axes: 'integers' },
  reshape: { shape: 'integers' },
  transpose: { perm: 'integers' },
  slice: { begin: 'integers', size: 'integers', stride: 'integers' },
  reverse: { axes: 'integers' },
  pad: { before: 'integers', after: 'integers', value: 'number' },
  concat: { axis: 'integer' },
  gather: { axis: 'integer' },
  scatterAdd: { axis: 'integer', size: 'integer' },
  matmul: { transposeA: 'boolean', transposeB: 'boolean' },
  reduce: { kind: ['sum', 'prod', 'max', 'min', 'any', 'all'], axes: 'integers' },
  arg: { kind: ['max', 'min'], axis: 'integer' },
  cumulative: { kind: ['sum', 'prod'], axis: 'integer', exclusive: 'boolean', reverse: 'boolean' },
  iota: { shape: 'integers', axis: 'integer' },
  custom: { name: 'text', attrs: 'json', composite: 'program or null' },
  scan: { body: 'program', carries: 'integer', xs: 'integer', length: 'integer', reverse: 'boolean' },
  while: { cond: 'program', body: 'program', carries: 'integer' },
}

/** The attributes of a primitive, or undefined where there is none of that name. */
export const attributesOf = (op: string): ReadonlyArray<readonly [string, Kind]> | undefined => {
  // only the name tells an elementwise function
  const primitive = { op } as Primitive
  if (isUnary(primitive) || isBinary(primitive)) return []
  return Object.hasOwn(attributes, op) ? Object.entries(attributes[op as Structured]) : undefined
}
