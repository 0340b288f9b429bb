import type { DenseSpec, HouseholderSpec, LowRankSpec, OrthogonalSpec, PluSpec, QrSpec, SvdSpec, TriangularSpec } from '@diffeo/core'
import { fields, flag, integer, optional, orderCodec, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import type { SpecCodecs } from './spec-kind.ts'

const reflections: Codec<number | undefined> = optional(integer(1, 65_536))

const dense: Codec<DenseSpec> = fields('dense', { _tag: word('dense') })
const householder: Codec<HouseholderSpec> = fields<HouseholderSpec>('householder', { _tag: word('householder'), reflections })
const lowRank: Codec<LowRankSpec> = fields('lowRank', { _tag: word('lowRank'), rank: integer(1, 65_536) })
const orthogonal: Codec<OrthogonalSpec> = fields('orthogonal', { _tag: word('orthogonal'), map: word('exponential', 'cayley') })
const plu: Codec<PluSpec> = where(
  fields<PluSpec>('plu', { _tag: word('plu'), order: optional(orderCodec), seed: optional(integer(0)) }),
  spec => (spec.order !== undefined && spec.seed !== undefined ? 'an order or a seed, not both' : undefined),
)
const qr: Codec<QrSpec> = fields<QrSpec>('qr', { _tag: word('qr'), reflections })
const svd: Codec<SvdSpec> = fields<SvdSpec>('svd', { _tag: word('svd'), reflections })
const triangular: Codec<TriangularSpec> = fields<TriangularSpec>('triangular', { _tag: word('triangular'), upper: flag })

/** The codecs of linear bijectors. */
export const linearCodecs: SpecCodecs['bijector'] = { dense, householder, lowRank, orthogonal, plu, qr, svd, triangular }
