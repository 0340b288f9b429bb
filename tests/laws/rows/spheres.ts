import {
  affine,
  autoregressive,
  chain,
  circle,
  circularSpline,
  cylinder,
  each,
  elementwise,
  exponentialMap,
  flow,
  identity,
  intervalSpline,
  invert,
  orthogonal,
  product,
  sphereFlow,
  sphereMoebius,
  standardNormal,
  periodic,
  tanh,
  uniformCircle,
  uniformSphere,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec } from '@diffeo/core'
import { masked, net, none, one } from './row.ts'
import type { Row } from './row.ts'

const onCylinder = autoregressive(periodic(masked), each([affine(), circularSpline({ bins: 3 })]))
const byHeights = chain(onCylinder, elementwise(each([tanh(), identity({ support: circle })])), cylinder(), sphereMoebius())
const ontoSphere = chain(onCylinder, cylinder({ heights: 'real' }), sphereMoebius())

/** Maps of the sphere, and of the cylinder onto it. */
export const sphereRows: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'cylinder', spec: cylinder(), dims: [[3], [5]], contexts: none },
  { name: 'invert(cylinder)', spec: invert(cylinder()), dims: [[3]], contexts: none },
  { name: 'sphereMoebius', spec: sphereMoebius(), dims: [[2], [3], [4]], contexts: none, startsAtIdentity: true, spread: 1 },
  { name: 'sphereMoebius by the context', spec: sphereMoebius({ conditioner: net }), dims: [[3]], contexts: [[2]] },
  { name: 'exponentialMap', spec: exponentialMap({ components: 3 }), dims: [[2], [3], [4]], contexts: none, spread: 1 },
  { name: 'exponentialMap by the context', spec: exponentialMap({ components: 2, conditioner: net }), dims: [[3]], contexts: [[2]] },
  { name: 'rotated', spec: chain(sphereMoebius(), orthogonal(), sphereMoebius()), dims: [[3]], contexts: none, layers: 3 },
  {
    name: 'elementwise(intervalSpline)',
    spec: elementwise(intervalSpline({ low: -1, high: 2, bins: 3 })),
    dims: one,
    contexts: none,
    startsAtIdentity: true,
  },
  { name: 'cylinder of real heights', spec: cylinder({ heights: 'real' }), dims: [[3], [5]], contexts: none },
  { name: 'onto the sphere', spec: ontoSphere, dims: [[3]], contexts: [[2]], layers: 3 },
  { name: 'onto the sphere by heights', spec: byHeights, dims: [[3]], contexts: [[2]], layers: 4 },
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
  { name: 'sphereFlow', spec: sphereFlow({ layers: 2, hidden: [7], activation: 'tanh', bins: 3 }), dims: [[3]], contexts: [[2]] },
  { name: 'sphereFlow of S3', spec: sphereFlow({ dimension: 3, layers: 1, hidden: [7], bins: 3 }), dims: [[4]], contexts: none },
  { name: 'sphereFlow, moebius', spec: sphereFlow({ map: 'moebius', layers: 2, conditioner: net }), dims: [[3]], contexts: [[2]] },
  { name: 'sphereFlow, exponential', spec: sphereFlow({ map: 'exponential', layers: 2, components: 3 }), dims: [[3]], contexts: none },
  { name: 'flow onto the sphere', spec: flow({ base, bijector: ontoSphere }), dims: [[3]], contexts: none },
]
