import {
  affine,
  ascending,
  bijectorFor,
  centeredSoftmax,
  chain,
  correlationCholesky,
  coupling,
  cumulativeSum,
  flow,
  invert,
  positiveDefinite,
  standardNormal,
  stickBreaking,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec, Support } from '@diffeo/core'
import { net, none, one } from './row.ts'
import type { Row } from './row.ts'

const matrices = [[3, 3]]

/** Maps of real vectors onto constrained ones. */
export const constrainedRows: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'stickBreaking', spec: stickBreaking(), dims: [[2], [4]], contexts: none },
  { name: 'centeredSoftmax', spec: centeredSoftmax(), dims: [[2], [4]], contexts: none },
  { name: 'invert(stickBreaking)', spec: invert(stickBreaking()), dims: [[2]], contexts: none },
  { name: 'ascending', spec: ascending(), dims: [[1], [3]], contexts: none },
  { name: 'cumulativeSum', spec: cumulativeSum(), dims: one, contexts: none },
  { name: 'positiveDefinite', spec: positiveDefinite(), dims: [[1, 1], ...matrices], contexts: none },
  { name: 'correlationCholesky', spec: correlationCholesky(), dims: matrices, contexts: none },
]

/** Ten times as far numbers leave float32: probabilities below 1e-36, neighbours that round to one number, pivots of 1e-35. */
const flowOnto = (support: Support, dims: ReadonlyArray<ReadonlyArray<number>>): Row<DistributionSpec> => ({
  name: `flow onto ${support._tag}`,
  spec: flow({ base: standardNormal(), bijector: chain(coupling(net, affine()), bijectorFor(support)) }),
  dims,
  contexts: none,
})

export const constrainedFlowRows: ReadonlyArray<Row<DistributionSpec>> = [
  flowOnto({ _tag: 'simplex' }, one),
  flowOnto({ _tag: 'ordered' }, one),
  flowOnto({ _tag: 'positiveDefinite' }, [[2, 2]]),
  flowOnto({ _tag: 'correlationCholesky' }, matrices),
]
