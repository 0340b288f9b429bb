import type { DistributionEntry } from '../registry.ts'
import { betaEntry } from './beta.ts'
import { boxEntry } from './box.ts'
import { cauchyEntry } from './cauchy.ts'
import { conditionalDistributionEntry } from './conditional.ts'
import { exponentialEntry } from './exponential.ts'
import { gammaEntry } from './gamma.ts'
import { gumbelEntry } from './gumbel.ts'
import { laplaceEntry } from './laplace.ts'
import { logNormalEntry } from './log-normal.ts'
import { logisticEntry } from './logistic.ts'
import { lowRankNormalEntry } from './low-rank-normal.ts'
import { mixtureMadeEntry } from './mixture-made.ts'
import { mixtureEntry } from './mixture.ts'
import { multivariateNormalEntry } from './multivariate-normal.ts'
import { uniformSphereEntry, vonMisesFisherEntry } from './sphere.ts'
import { studentTEntry } from './student-t.ts'
import { truncatedEntry } from './truncated.ts'
import { uniformCircleEntry } from './uniform-circle.ts'
import { vonMisesEntry } from './von-mises.ts'

/** The distributions beside those that every flow needs: of single values, of vectors, and those made of others. */
export const distributionEntries: ReadonlyArray<DistributionEntry> = [
  betaEntry,
  boxEntry,
  cauchyEntry,
  conditionalDistributionEntry,
  exponentialEntry,
  gammaEntry,
  gumbelEntry,
  laplaceEntry,
  logisticEntry,
  logNormalEntry,
  lowRankNormalEntry,
  mixtureEntry,
  mixtureMadeEntry,
  multivariateNormalEntry,
  studentTEntry,
  truncatedEntry,
  uniformCircleEntry,
  uniformSphereEntry,
  vonMisesEntry,
  vonMisesFisherEntry,
]
