import type { PlanarSpec, RadialSpec, SylvesterSpec } from '@diffeo/core'
import { fields, integer, optional, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { networkSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

const conditioner = optional(networkSpec)

const planar: Codec<PlanarSpec> = fields<PlanarSpec>('planar', { _tag: word('planar'), conditioner })
const radial: Codec<RadialSpec> = fields<RadialSpec>('radial', { _tag: word('radial'), conditioner })
const sylvester: Codec<SylvesterSpec> = fields<SylvesterSpec>('sylvester', {
  _tag: word('sylvester'),
  basis: word('orthogonal', 'householder', 'triangular'),
  units: optional(integer(1, 65_536)),
  reflections: optional(integer(1, 65_536)),
  conditioner,
})

/** The codecs of planar, radial and Sylvester maps. */
export const sylvesterCodecs: SpecCodecs['bijector'] = { planar, radial, sylvester }
