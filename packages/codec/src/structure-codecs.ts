import type { Adjacency, AutoregressiveSpec, CouplingMask, GinCouplingSpec, TwoSidedCouplingSpec } from '@diffeo/core'
import * as t from 'io-ts'
import { choice, fields, integer, optional, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { networkSpec, transformerSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

const passes: Codec<ReadonlyArray<boolean>> = where(t.readonlyArray(t.boolean, 'a list of booleans'), mask =>
  mask.includes(true) && mask.includes(false) ? undefined : 'at least one true and one false',
)
const split: Codec<{ readonly split: number }> = fields('a split', { split: integer(1) })
/** The mask of a coupling. */
export const maskCodec: Codec<CouplingMask> = choice<CouplingMask>("'half', 'even', 'odd', { split } or a list of booleans", u => {
  if (Array.isArray(u)) return passes
  return typeof u === 'object' && u !== null ? split : word('half', 'even', 'odd')
})

const isEven = (rows: Adjacency): boolean =>
  rows.length > 0 && rows.every(row => row.length === rows[0]!.length && row.length >= rows.length)
const adjacency: Codec<Adjacency> = where(t.readonlyArray(t.readonlyArray(t.boolean, 'a row of booleans'), 'a list of rows'), rows =>
  isEven(rows) ? undefined : 'rows of one length, at least as long as there are rows',
)
const autoregressive: Codec<AutoregressiveSpec> = where(
  fields<AutoregressiveSpec>('autoregressive', {
    _tag: word('autoregressive'),
    conditioner: networkSpec,
    transformer: transformerSpec,
    passes: optional(integer(2)),
    adjacency: optional(adjacency),
  }),
  spec => (spec.passes !== undefined && spec.adjacency !== undefined ? 'passes or an adjacency, not both' : undefined),
)
const ginCoupling: Codec<GinCouplingSpec> = fields('ginCoupling', {
  _tag: word('ginCoupling'),
  conditioner: networkSpec,
  mask: maskCodec,
})
const twoSidedCoupling: Codec<TwoSidedCouplingSpec> = fields('twoSidedCoupling', {
  _tag: word('twoSidedCoupling'),
  conditioner: networkSpec,
  transformer: transformerSpec,
  mask: maskCodec,
})

/** The codecs of couplings and autoregressive layers. */
export const structureCodecs: SpecCodecs['bijector'] = { autoregressive, ginCoupling, twoSidedCoupling }
