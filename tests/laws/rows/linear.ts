import { dense, householder, lowRank, orthogonal, plu, qr, svd, triangular } from '@diffeo/core'
import type { BijectorSpec } from '@diffeo/core'
import { none, one } from './row.ts'
import type { Row } from './row.ts'

const linear = (name: string, spec: BijectorSpec, startsAtIdentity = true): Row<BijectorSpec> => ({
  name,
  spec,
  dims: one,
  contexts: none,
  layers: 2,
  startsAtIdentity,
})

/** Two sizes of blocks: substitution is one product up to 16 dimensions. */
const large = (name: string, spec: BijectorSpec): Row<BijectorSpec> => ({ ...linear(name, spec), dims: [[18]], spread: 0.15 })

export const linearRows: ReadonlyArray<Row<BijectorSpec>> = [
  linear('triangular', triangular()),
  linear('triangular, upper', triangular({ upper: true })),
  linear('plu', plu()),
  linear('plu in an order', plu({ order: [2, 0, 1] }), false),
  linear('plu in a random order', plu({ seed: 0 }), false),
  linear('dense', dense()),
  linear('qr', qr()),
  linear('qr of 3 reflections', qr({ reflections: 3 }), false),
  linear('svd', svd()),
  linear('householder', householder()),
  linear('householder of 4 reflections', householder({ reflections: 4 })),
  linear('orthogonal', orthogonal()),
  linear('orthogonal by Cayley', orthogonal({ map: 'cayley' })),
  // the diagonal, its core and their sum round one after another
  { ...linear('lowRank', lowRank()), layers: 3 },
  { ...linear('lowRank of 2', lowRank({ rank: 2 })), layers: 3 },
  large('plu', plu()),
  large('triangular, upper', triangular({ upper: true })),
]
