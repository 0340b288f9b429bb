import {
  affine,
  autoregressive,
  categorical,
  chain,
  coupling,
  diagonalNormal,
  each,
  elementwise,
  exp,
  fixedAffine,
  givenCategories,
  identity,
  invert,
  product,
  reverse,
  sigmoid,
  standardNormal,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec } from '@diffeo/core'
import { masked, net, none } from './row.ts'
import type { Row } from './row.ts'

/** What flows on tables are made of. */
export const tableBijectorRows: ReadonlyArray<Row<BijectorSpec>> = [
  {
    name: 'givenCategories',
    spec: givenCategories([2, 3], chain(coupling(net, affine()), reverse(), invert(autoregressive(masked, affine())))),
    dims: [[4]],
    layers: 3,
  },
  {
    name: 'givenCategories at places',
    spec: givenCategories([2, 3], coupling(net, affine()), { places: [1, 3] }),
    dims: [[4]],
    contexts: none,
  },
  { name: 'elementwise(fixedAffine)', spec: elementwise(fixedAffine({ shift: -1.5, scale: 0.25 })), dims: [[3]], contexts: none },
  {
    name: 'a flow on the supports of a table',
    // exp comes last: much larger parameters leave float32
    spread: 0.1,
    spec: givenCategories(
      [3],
      chain(
        coupling(net, affine()),
        elementwise(each([identity(), fixedAffine({ shift: 1, scale: 0.5 }), fixedAffine({ scale: 2 })])),
        elementwise(each([identity(), exp(), sigmoid()])),
      ),
      { places: [2] },
    ),
    dims: [[4]],
    contexts: [[2]],
    layers: 4,
  },
]

export const tableDistributionRows: ReadonlyArray<Row<DistributionSpec>> = [
  { name: 'categorical', spec: categorical([3], { conditioner: net }), dims: [[1]] },
  { name: 'categorical of three', spec: categorical([2, 4, 3], { conditioner: net }), dims: [[3]] },
  {
    name: 'product',
    spec: product([
      { size: 2, distribution: diagonalNormal() },
      { size: 1, distribution: standardNormal() },
    ]),
    dims: [[3]],
    contexts: none,
  },
]
