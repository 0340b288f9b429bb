import {
  affine,
  autoregressive,
  categorical,
  chain,
  coupling,
  diagonalNormal,
  givenCategories,
  invert,
  product,
  reverse,
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
