import { linearMutants, structureMutants, wrapperMutants } from './bijectors.ts'
import { distributionMutants } from './distributions.ts'
import { constrainedMutants, mapMutants } from './maps.ts'
import type { Mutant } from './mutant.ts'
import { splineMutants } from './splines.ts'
import { rootMutants, transformerMutants } from './transformers.ts'

/** Every error that is planted in the sources. */
export const mutants: ReadonlyArray<Mutant> = [
  ...splineMutants,
  ...transformerMutants,
  ...rootMutants,
  ...mapMutants,
  ...constrainedMutants,
  ...structureMutants,
  ...wrapperMutants,
  ...linearMutants,
  ...distributionMutants,
]
