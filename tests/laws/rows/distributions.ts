import { affine, coupling, diagonalNormal, elementwise, flow, invert, standardNormal, uniform } from '@diffeo/core'
import type { DistributionSpec } from '@diffeo/core'
import { anyShape, net, none } from './row.ts'
import type { Row } from './row.ts'

export const distributionRows: ReadonlyArray<Row<DistributionSpec>> = [
  { name: 'standardNormal', spec: standardNormal(), dims: anyShape, contexts: none },
  { name: 'diagonalNormal', spec: diagonalNormal(), dims: anyShape, contexts: none },
  { name: 'uniform', spec: uniform({ low: -5, high: 6 }), dims: anyShape, contexts: none },
  {
    name: 'flow from a diagonal normal',
    spec: flow({ base: diagonalNormal(), bijector: invert(coupling(net, affine())) }),
  },
  { name: 'flow from a uniform', spec: flow({ base: uniform({ low: -5, high: 6 }), bijector: elementwise(affine()) }), contexts: none },
]
