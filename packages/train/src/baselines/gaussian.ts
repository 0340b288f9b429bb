import type { Baseline, FitBaseline } from './baseline.ts'
import { choleskyFactor } from './cholesky.ts'
import { givenRows, joinGiven, jointRows } from './joint.ts'
import { moments } from '../statistics/moments.ts'
import { conditionalLogProb, type NormalMixture, prepare, sampleConditional } from './normal-mixture.ts'

/**
 * A normal with a full covariance, by maximum likelihood (the covariance is divided by the number of rows). Given columns: the joint
 * normal, conditioned. Where the covariance is not positive definite its diagonal is raised by the least ridge that makes it so
 * (`choleskyFactor`), and `detail` says so.
 *
 * @throws RangeError with fewer than 2 training rows, or a value that is not finite
 */
export const gaussian: FitBaseline = (train, validation, options) => {
  const { train: joint, givenColumns } = jointRows('gaussian', train, validation, options)
  const { mean, covariance } = moments(joint)
  const { factor, ridge } = choleskyFactor(covariance, joint.columns)
  const mixture = { dim: joint.columns, weights: Float64Array.of(1), means: mean, factors: factor }
  return mixtureBaseline(
    'gaussian',
    ridge === 0 ? 'full covariance' : `full covariance, ridge ${ridge.toExponential(0)}`,
    mixture,
    givenColumns,
  )
}

/** The baseline that a mixture over [given, event] is. */
export const mixtureBaseline = (name: string, detail: string, mixture: NormalMixture, givenColumns: number): Baseline => {
  const prepared = prepare(mixture)
  const columns = mixture.dim - givenColumns
  return {
    name,
    detail,
    logProb: (rows, given) => conditionalLogProb(prepared, joinGiven(name, rows, given, columns, givenColumns), givenColumns),
    sample: (key, n, given) => sampleConditional(prepared, key, n, givenRows(name, given, n, givenColumns)),
  }
}
