import { affine, autoregressive, ginCoupling, made, twoSidedCoupling } from '@diffeo/core'
import type { BijectorSpec, Shape } from '@diffeo/core'
import { both, masked, net, spline } from './row.ts'
import type { Row } from './row.ts'

const row = (name: string, spec: BijectorSpec, size: number, more: Partial<Row<BijectorSpec>> = {}): Row<BijectorSpec> => ({
  name,
  spec,
  dims: [[size]] as ReadonlyArray<Shape>,
  contexts: both,
  startsAtIdentity: true,
  ...more,
})

/** Dimension 1 depends on none, 2 on 0, 3 on 0, 1 and 2, 0 on none. */
const graph = [
  [false, false, false, false],
  [false, true, false, false],
  [true, false, false, false],
  [true, true, true, true],
]

/** The same, and dimension 0 sees the first number of the context, 1 the second, 3 none. */
const graphOfContext = graph.map((entries, i) => [...entries, i === 0 || i === 2, i === 1 || i === 2])

export const couplingRows: ReadonlyArray<Row<BijectorSpec>> = [
  row('twoSidedCoupling', twoSidedCoupling(net, spline, { mask: 'even' }), 3, { layers: 2 }),
  row('twoSidedCoupling of one dimension', twoSidedCoupling(net, affine()), 1),
  row('ginCoupling', ginCoupling(net), 4),
  row('ginCoupling of other dimensions', ginCoupling(net, { mask: [false, true, false] }), 3, { contexts: [undefined] }),
  row('autoregressive in 2 passes', autoregressive(masked, spline, { passes: 2 }), 3),
  row('autoregressive in 3 passes of 5', autoregressive(masked, affine(), { passes: 3 }), 5),
  row('autoregressive on a graph', autoregressive(masked, spline, { adjacency: graph }), 4),
  row(
    'autoregressive on a graph of the context',
    autoregressive(made({ hidden: [8, 8], residual: true, degrees: 'cyclic', activation: 'tanh' }), affine(), {
      adjacency: graphOfContext,
    }),
    4,
    { contexts: [[2]] },
  ),
]
