import { planar, radial, sylvester } from '@diffeo/core'
import type { BijectorSpec, Shape } from '@diffeo/core'
import { net, none, one } from './row.ts'
import type { Row } from './row.ts'

const free = (name: string, spec: BijectorSpec, layers: number, dims: ReadonlyArray<Shape> = one): Row<BijectorSpec> => ({
  name,
  spec,
  dims,
  contexts: none,
  layers,
  startsAtIdentity: true,
})
const given = (name: string, spec: BijectorSpec, layers: number): Row<BijectorSpec> => ({
  name: `${name} moved by the context`,
  spec,
  dims: one,
  contexts: [[2]],
  layers,
  startsAtIdentity: true,
})

/** Planar, radial and Sylvester maps: maps of all dimensions at once with a rank-one or low-rank update. */
export const sylvesterRows: ReadonlyArray<Row<BijectorSpec>> = [
  free('planar', planar(), 2, [[1], [3]]),
  given('planar', planar({ conditioner: net }), 2),
  free('radial', radial(), 2, [[1], [3]]),
  given('radial', radial({ conditioner: net }), 2),
  free('sylvester', sylvester({ units: 2 }), 4),
  free('sylvester of all units', sylvester(), 4),
  free('sylvester by reflections', sylvester({ basis: 'householder', units: 2 }), 4),
  free('sylvester of triangles', sylvester({ basis: 'triangular' }), 4),
  given('sylvester', sylvester({ units: 2, conditioner: net }), 4),
]
