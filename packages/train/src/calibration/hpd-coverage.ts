import { matrix } from '../matrix.ts'
import { twoSampleTest, type TestResult } from '../statistics/kolmogorov.ts'
import { type CoverageCurve, coverageCurve } from './coverage-curve.ts'
import { expectNumbers } from './expect-rows.ts'

/** The coverage of highest-density regions: the curve, and a two-sample Kolmogorov-Smirnov test of the log-densities. */
export interface HpdCoverage extends CoverageCurve, TestResult {}

/**
 * Coverage of highest-density regions (Hyndman 1996): a row lies inside the region of level q when no more than a share q of the model's
 * own samples have a higher density under the model. Of held-out rows a share q should.
 *
 * A curve below the diagonal says that rows fall where the model has little density: too narrow, or shifted; one above it: too wide.
 * Only the log-density of a row counts, so that whatever moves rows within the sets of equal density is invisible (a mirror image of
 * data under a symmetric model), and a small shift d shows in the second order alone: for a normal, rows' -2 log p is noncentral
 * chi-square with noncentrality d^2. In high dimensions errors that cancel in the log-density pass as well.
 *
 * The band and the p-value count the error of the samples too: draw more samples than there are rows.
 *
 * @param logProbOfRows     log p of held-out rows under the model
 * @param logProbOfSamples  log p of the model's samples under the model
 * @throws RangeError without rows or samples, or when a log-density is NaN
 */
export const hpdCoverage = (logProbOfRows: Float64Array, logProbOfSamples: Float64Array): HpdCoverage => {
  expectNumbers('hpdCoverage', 'log-densities of rows', matrix(logProbOfRows.length, 1, logProbOfRows))
  expectNumbers('hpdCoverage', 'log-densities of samples', matrix(logProbOfSamples.length, 1, logProbOfSamples))
  const [n, m] = [logProbOfRows.length, logProbOfSamples.length]
  const sorted = Float64Array.from(logProbOfSamples).sort()
  const inside = logProbOfRows.map(logP => (m - atMost(sorted, logP)) / m)
  return { ...coverageCurve(inside, (n * m) / (n + m)), ...twoSampleTest(logProbOfRows, logProbOfSamples) }
}

/** How many of the sorted values are <= x, by bisection. */
const atMost = (sorted: Float64Array, x: number): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= x) low = middle + 1
    else high = middle
  }
  return low
}
