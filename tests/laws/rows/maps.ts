import {
  affine,
  autoregressive,
  bijectorFor,
  chain,
  conditional,
  coupling,
  each,
  elementwise,
  exp,
  expm1,
  flow,
  identity,
  inverseOf,
  leakyTanh,
  logit,
  normalCdf,
  permute,
  positive,
  rationalQuadratic,
  reverse,
  sigmoid,
  sinhArcsinh,
  softplus,
  standardNormal,
  uniform,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec } from '@diffeo/core'
import { masked, net, none, one, spline, splineBound } from './row.ts'
import type { Row } from './row.ts'
import { onTransformer } from './structures.ts'

/** Three transformers with different numbers of parameters, the second one twice. */
const mixed = each([spline, affine(), rationalQuadratic({ bins: 2, bound: splineBound })])
const twice = each([affine(), spline, affine()])

const givenOnly = (rows: ReadonlyArray<Row<BijectorSpec>>): ReadonlyArray<Row<BijectorSpec>> =>
  rows.map(row => ({ ...row, contexts: row.contexts ?? [[2]] }))

/** Maps without parameters, and layers whose dimensions have each a map of its own. */
export const mapRows: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'elementwise(exp)', spec: elementwise(exp()), dims: [[3], [2, 2]], contexts: none },
  { name: 'elementwise(logit)', spec: elementwise(logit({ low: -2, high: 5 })), dims: one, contexts: none },
  { name: 'elementwise(softplus)', spec: elementwise(softplus()), dims: one, contexts: none },
  { name: 'elementwise(leakyTanh)', spec: elementwise(leakyTanh()), dims: one, contexts: none },
  { name: 'elementwise(normalCdf)', spec: elementwise(normalCdf()), dims: one, contexts: none },
  ...givenOnly(onTransformer(['sinhArcsinh', sinhArcsinh()], one)),
  { name: 'elementwise(inverseOf(affine))', spec: elementwise(inverseOf(affine())), dims: one, contexts: none, startsAtIdentity: true },
  ...givenOnly(onTransformer(['each', mixed], one)),
  {
    name: 'coupling(each) that moves the middle',
    spec: coupling(net, twice, { mask: [true, false, true] }),
    dims: one,
    contexts: none,
    startsAtIdentity: true,
  },
  {
    name: 'coupling(each) that keeps the middle',
    spec: coupling(net, twice, { mask: [false, true, false] }),
    dims: one,
    contexts: [[2]],
    startsAtIdentity: true,
  },
  { name: 'coupling(each of one)', spec: coupling(net, each([affine()])), dims: [[1]], contexts: [[2]], startsAtIdentity: true },
  {
    name: 'elementwise(each) onto supports',
    spec: elementwise(each([exp(), sigmoid({ low: 1, high: 3 }), identity()])),
    dims: one,
    contexts: none,
  },
  {
    name: 'chain onto supports',
    spec: chain(autoregressive(masked, spline), elementwise(each([identity(), expm1(), exp()]))),
    dims: one,
    contexts: [[2]],
    layers: 2,
  },
  {
    name: 'conditional(each), one dimension left alone',
    spec: conditional(net, each([affine(), identity(), affine()])),
    dims: one,
    contexts: [[2]],
    startsAtIdentity: true,
  },
]

/** Flows of constrained values. With parameters ten times as far exp and sigmoid reach the ends of float32. */
export const mapFlowRows: ReadonlyArray<Row<DistributionSpec>> = [
  {
    name: 'flow of positive values',
    spec: flow({ base: standardNormal(), bijector: chain(coupling(net, affine()), bijectorFor(positive)) }),
    dims: one,
    contexts: [[2]],
  },
  {
    name: 'flow of values of several kinds',
    spec: flow({
      base: standardNormal(),
      bijector: chain(
        autoregressive(masked, affine()),
        permute([2, 0, 1]),
        elementwise(each([exp(), sigmoid({ low: 1, high: 3 }), identity()])),
        reverse(),
      ),
    }),
    dims: one,
    contexts: none,
  },
  {
    name: 'flow from the unit box, reversed',
    spec: flow({ base: uniform({ low: 0, high: 1 }), bijector: chain(reverse(), elementwise(logit())) }),
    dims: one,
    contexts: none,
  },
]
