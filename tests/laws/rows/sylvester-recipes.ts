import { planarFlow, radialFlow, sylvesterFlow, triangularSpline } from '@diffeo/core'
import type { FlowSpec } from '@diffeo/core'
import { net, none, one } from './row.ts'
import type { Row } from './row.ts'

const row = (name: string, spec: FlowSpec, layers: number, contexts: Row<FlowSpec>['contexts'] = none): Row<FlowSpec> => ({
  name,
  spec,
  layers,
  dims: one,
  contexts: contexts ?? none,
})
const given = [[2]]

/** Recipes of planar, radial and Sylvester maps, and of triangular matrices with splines. */
export const sylvesterRecipeRows: ReadonlyArray<Row<FlowSpec>> = [
  row('planarFlow', planarFlow({ layers: 4 }), 8),
  row('planarFlow given a context', planarFlow({ layers: 2, conditioner: net }), 4, given),
  row('planarFlow that samples, in a loop', planarFlow({ layers: 4, cheap: 'sample', scan: true }), 8),
  row('radialFlow', radialFlow({ layers: 4 }), 8),
  row('sylvesterFlow', sylvesterFlow({ layers: 2 }), 8),
  row('sylvesterFlow by reflections', sylvesterFlow({ layers: 2, basis: 'householder', units: 2 }), 8),
  row('sylvesterFlow of triangles', sylvesterFlow({ layers: 3, basis: 'triangular' }), 12),
  row('triangularSpline', triangularSpline({ layers: 3, bins: 4 }), 15),
  row('triangularSpline given a context', triangularSpline({ layers: 2, bins: 4, conditioner: net }), 10, given),
]
