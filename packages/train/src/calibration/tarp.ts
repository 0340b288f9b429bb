import { type Key, uniformArray } from '@diffeo/core'
import { columnOf, type Matrix, rowOf } from '../matrix.ts'
import { type TestResult, uniformRankTest } from '../statistics/kolmogorov.ts'
import { type CoverageCurve, coverageCurve } from './coverage-curve.ts'
import { expectDraws } from './expect-draws.ts'

/** Expected coverage of random regions: the curve against the diagonal, and Kolmogorov and Smirnov's test of it. */
export interface Tarp extends CoverageCurve, TestResult {
  /** For each truth the share of draws that are nearer to its reference point than it is: uniform if the posterior is right. */
  readonly shares: Float64Array
}

/**
 * Tests of accuracy with random points (Lemos et al. 2023, algorithm 2): for each truth a reference point, and the ball around it that
 * reaches to the truth; the share of the posterior's draws in that ball is the level of a credible region that the truth lies on.
 *
 * References are uniform over the box of the truths, distances are taken after each column's range is scaled to 1, as in the authors'
 * package. Unlike ranks it looks at all dimensions together. A posterior that is too narrow gives too many shares near 0 and 1, one too
 * wide too many in the middle. A shift shows in the second order only (a ball gains on one side of its reference what it loses on the
 * other), so look at the ranks as well. The references do not depend on the observation: a posterior which is the prior passes.
 *
 * @param samples  for each of N observations, L draws of the posterior: [L, D]
 * @param truths   the parameters that made the observations, [N, D]
 * @throws RangeError when shapes do not fit or a number is NaN
 */
export const tarp = ({
  samples,
  truths,
  key,
}: {
  readonly samples: ReadonlyArray<Matrix>
  readonly truths: Matrix
  readonly key: Key
}): Tarp => {
  const count = expectDraws('tarp', samples, truths)
  const { rows, columns } = truths
  const box = Array.from({ length: columns }, (_, j) => {
    const column = columnOf(truths, j)
    const low = column.reduce((least, x) => Math.min(least, x))
    return { low, range: column.reduce((most, x) => Math.max(most, x)) - low || 1 }
  })
  const uniform = uniformArray(key, rows * columns)
  const inside = samples.map((set, i) => {
    const reference = box.map(({ low, range }, j) => low + range * uniform[i * columns + j]!)
    const squared = (row: Float64Array | Float32Array): number =>
      box.reduce((sum, { range }, j) => sum + ((row[j]! - reference[j]!) / range) ** 2, 0)
    const radius = squared(rowOf(truths, i))
    let nearer = 0
    for (let l = 0; l < count; l++) if (squared(rowOf(set, l)) < radius) nearer += 1
    return nearer
  })
  const shares = Float64Array.from(inside, nearer => nearer / count)
  return { shares, ...coverageCurve(shares, rows), ...uniformRankTest(inside, count) }
}
