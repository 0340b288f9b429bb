import type { BijectorEntry } from '../../registry.ts'
import { correlationCholeskyEntry, positiveDefiniteEntry } from './cholesky.ts'
import { cylinderEntry } from './cylinder.ts'
import { exponentialMapEntry } from './exponential-map.ts'
import { sphereMoebiusEntry } from './sphere-moebius.ts'
import { ascendingEntry, cumulativeSumEntry } from './ordered.ts'
import { centeredSoftmaxEntry, stickBreakingEntry } from './simplex.ts'

/** Maps of real vectors onto constrained ones, and the cumulative sum. */
export const constrainedEntries: ReadonlyArray<BijectorEntry> = [
  ascendingEntry,
  centeredSoftmaxEntry,
  correlationCholeskyEntry,
  cumulativeSumEntry,
  cylinderEntry,
  exponentialMapEntry,
  positiveDefiniteEntry,
  sphereMoebiusEntry,
  stickBreakingEntry,
]
