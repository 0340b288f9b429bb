import {
  affine,
  autoregressive,
  chain,
  circularNsf,
  circularShift,
  circularSpline,
  conditional,
  coupling,
  each,
  elementwise,
  flow,
  invert,
  moebius,
  periodic,
  reverse,
  uniformCircle,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec } from '@diffeo/core'
import { masked, net, none, one } from './row.ts'
import type { Row } from './row.ts'

const spline = circularSpline({ bins: 3 })
const angles = periodic(net)
const torus = chain(coupling(angles, spline), reverse(), coupling(angles, moebius()))

/** Maps of the circle and the torus, and of angles beside numbers. */
export const circleRows: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'elementwise(circularShift)', spec: elementwise(circularShift()), dims: one, contexts: none, startsAtIdentity: true },
  { name: 'elementwise(circularSpline)', spec: elementwise(spline), dims: one, contexts: none, startsAtIdentity: true },
  { name: 'elementwise(moebius)', spec: elementwise(moebius()), dims: one, contexts: none, startsAtIdentity: true },
  { name: 'coupling(circularSpline)', spec: coupling(angles, spline), dims: one, contexts: [[2]], startsAtIdentity: true },
  { name: 'coupling(moebius)', spec: coupling(angles, moebius(), { mask: 'even' }), dims: one, contexts: none, startsAtIdentity: true },
  {
    name: 'autoregressive(circularSpline)',
    spec: autoregressive(periodic(masked), spline),
    dims: one,
    contexts: [[2]],
    startsAtIdentity: true,
  },
  {
    name: 'autoregressive angles beside numbers',
    spec: autoregressive(periodic(masked), each([moebius(), affine(), spline])),
    dims: one,
    contexts: none,
    startsAtIdentity: true,
  },
  {
    name: 'coupling angles beside numbers',
    spec: coupling(angles, each([affine(), spline, affine()]), { mask: [true, true, false] }),
    dims: one,
    contexts: none,
    startsAtIdentity: true,
  },
  {
    name: 'conditional on angles',
    spec: conditional(periodic(net, { at: [1] }), moebius()),
    dims: one,
    contexts: [[2]],
    startsAtIdentity: true,
  },
  { name: 'torus', spec: invert(torus), layers: 2, dims: one, contexts: [[2]] },
]

export const circleFlowRows: ReadonlyArray<Row<DistributionSpec>> = [
  { name: 'angles on the torus', spec: uniformCircle(), dims: [[1], [3], [2, 2]], contexts: none },
  { name: 'flow on the torus', spec: flow({ base: uniformCircle(), bijector: invert(torus) }), dims: one, contexts: [[2]] },
  { name: 'circularNsf', spec: circularNsf({ layers: 2, hidden: [7], bins: 3 }), dims: one, contexts: [[2]] },
]
