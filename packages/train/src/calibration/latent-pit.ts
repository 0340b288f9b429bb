import { columnOf, type Matrix, matrix } from '../matrix.ts'
import { bonferroni, type TestResult, uniformTest } from '../statistics/kolmogorov.ts'
import { normalCdf } from '../statistics/normal.ts'
import { expectNumbers } from './expect-rows.ts'

/** The probability integral transform of rows in a flow's base, and what Kolmogorov and Smirnov say of it. */
export interface LatentPit {
  /** Phi(z), [rows, D]: uniform in every column if the flow is right. */
  readonly values: Matrix
  /** One test for each column. */
  readonly coordinates: ReadonlyArray<TestResult>
  /** All columns together: D times the least p-value, at most 1. */
  readonly pValue: number
}

/**
 * The latent probability integral transform: Phi of each coordinate of `toBase`, for held-out rows under a flow with a standard normal
 * base, each with a Kolmogorov-Smirnov test of uniformity.
 *
 * A density that is too narrow spreads the latents (PIT piles up at 0 and 1), one too wide gathers them in the middle, a shift tilts
 * them. It looks at one latent at a time: latents that are each normal and depend on each other pass.
 *
 * @param angles for each column whether its base is the uniform distribution of angles, [-pi, pi), rather than the normal one; none is,
 *               unless given
 * @throws RangeError without rows, or when a latent is NaN
 */
export const latentPit = (latents: Matrix, angles: ReadonlyArray<boolean> = []): LatentPit => {
  expectNumbers('latentPit', 'latents', latents)
  const share = (angle: number): number => Math.min(1, Math.max(0, (angle + Math.PI) / (2 * Math.PI)))
  const values = matrix(
    latents.rows,
    latents.columns,
    Float64Array.from(latents.values, (z, at) => (angles[at % latents.columns] === true ? share(z) : normalCdf(z))),
  )
  const coordinates = Array.from({ length: latents.columns }, (_, j) => uniformTest(columnOf(values, j)))
  return { values, coordinates, pValue: bonferroni(coordinates.map(test => test.pValue)) }
}
