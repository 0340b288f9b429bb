import {
  affine,
  autoregressive,
  chain,
  circle,
  circularSpline,
  cylinder,
  each,
  elementwise,
  flow,
  identity,
  invert,
  product,
  sphereMoebius,
  standardNormal,
  periodic,
  tanh,
  uniformCircle,
  uniformSphere,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec } from '@diffeo/core'
import { masked, none } from './row.ts'
import type { Row } from './row.ts'

const onCylinder = autoregressive(periodic(masked), each([affine(), circularSpline({ bins: 3 })]))
const ontoSphere = chain(onCylinder, elementwise(each([tanh(), identity({ support: circle })])), cylinder(), sphereMoebius())

/** Maps of the sphere, and of the cylinder onto it. */
export const sphereRows: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'cylinder', spec: cylinder(), dims: [[3], [5]], contexts: none },
  { name: 'invert(cylinder)', spec: invert(cylinder()), dims: [[3]], contexts: none },
  { name: 'sphereMoebius', spec: sphereMoebius(), dims: [[2], [3], [4]], contexts: none, startsAtIdentity: true, spread: 1 },
  { name: 'onto the sphere', spec: ontoSphere, dims: [[3]], contexts: [[2]], layers: 4 },
]

const base = product([
  { size: 1, distribution: standardNormal() },
  { size: 1, distribution: uniformCircle() },
])

export const sphereFlowRows: ReadonlyArray<Row<DistributionSpec>> = [
  {
    name: 'flow of the sphere',
    spec: flow({ base: uniformSphere(), bijector: chain(sphereMoebius(), sphereMoebius()) }),
    dims: [[3]],
    contexts: none,
  },
  { name: 'flow onto the sphere', spec: flow({ base, bijector: ontoSphere }), dims: [[3]], contexts: none },
]
