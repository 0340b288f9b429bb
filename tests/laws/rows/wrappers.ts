import {
  actNorm,
  affine,
  batchNorm,
  blockwise,
  chain,
  concatenate,
  conjugate,
  coupling,
  elementwise,
  embed,
  exp,
  freeze,
  indexed,
  invert,
  plu,
  reparameterize,
  reshape,
  stack,
  transpose,
  triangular,
  weightNorm,
} from '@diffeo/core'
import type { BijectorSpec, Shape, Tree } from '@diffeo/core'
import { net, none, spline } from './row.ts'
import type { Row } from './row.ts'

const row = (
  name: string,
  spec: BijectorSpec,
  event: Shape,
  contexts: ReadonlyArray<Tree<Shape> | undefined> = none,
  layers = 2,
): Row<BijectorSpec> => ({ name, spec, dims: [event], contexts, layers, startsAtIdentity: true })

const given = [[2]]

export const wrapperRows: ReadonlyArray<Row<BijectorSpec>> = [
  row('batchNorm', batchNorm(), [3]),
  row('chain with batchNorm', chain(coupling(net, affine()), invert(batchNorm()), coupling(net, affine(), { mask: 'odd' })), [3], given, 4),
  row('blockwise', blockwise(2, triangular()), [4]),
  row('concatenate', concatenate({ size: 1, bijector: elementwise(affine()) }, { size: 3, bijector: coupling(net, spline) }), [4], given),
  row('conjugate', conjugate(plu(), elementwise(spline)), [3], none, 5),
  row('embed', embed(net, 3, coupling(net, affine())), [3], given),
  row('freeze', freeze(coupling(net, affine())), [3]),
  row('indexed', indexed([3, 0, 1], coupling(net, spline)), [4], given),
  row('indexed of all', indexed([1, 0], triangular()), [2]),
  row('weightNorm', weightNorm(coupling(net, spline)), [3], given),
  row('reparameterize', reparameterize(plu(), { lower: 'tanh', upper: 'tanh', logScale: 'zeroMean' }), [3], none, 3),
  { ...row('reshape', reshape([4], [2, 2]), [2, 2]), startsAtIdentity: false },
  row('stack', chain(reshape([4], [2, 2]), stack(triangular(), coupling(net, affine())), reshape([2, 2], [4])), [4], given),
  { ...row('transpose', transpose([1, 0]), [2, 3]), startsAtIdentity: false },
  {
    ...row('reshape of intervals', chain(reshape([4], [2, 2]), transpose([1, 0]), elementwise(exp())), [2, 2], none, 3),
    startsAtIdentity: false,
  },
  row('chain of wrappers', chain(freeze(actNorm()), transpose([1, 0]), stack(plu(), plu()), transpose([1, 0])), [2, 2], none, 4),
]
