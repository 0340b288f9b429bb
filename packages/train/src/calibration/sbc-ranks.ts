import type { Matrix } from '../matrix.ts'
import { chiSquareTest } from '../statistics/chi-square.ts'
import { bonferroni, type TestResult, uniformRankTest } from '../statistics/kolmogorov.ts'
import { expectDraws } from './expect-draws.ts'

/** Rank statistics of simulation-based calibration. */
export interface SbcRanks {
  /** How many draws lie below the truth, [N, D] row-major: uniform on 0 .. draws if the posterior is right. */
  readonly ranks: Int32Array
  readonly draws: number
  /** For each dimension: a chi-square test of the rank histogram, and Kolmogorov and Smirnov's. */
  readonly dimensions: ReadonlyArray<{ readonly chiSquare: TestResult; readonly kolmogorov: TestResult }>
  /** All of them together: 2 D times the least p-value, at most 1. */
  readonly pValue: number
}

/**
 * Simulation-based calibration (Talts et al. 2018): the rank of each truth among draws of the posterior given its observation.
 *
 * Ranks of a posterior that is too narrow pile up at both ends, of one too wide in the middle, of a shifted one at one end. The
 * histogram has at most 20 bins of 5 expected ranks or more. A posterior that ignores the observation and is the prior passes; so does
 * whatever is right in each dimension alone.
 *
 * @param draws   for each of N observations, L draws of the posterior: [L, D]
 * @param truths  the parameters that made the observations, [N, D]
 * @throws RangeError when shapes do not fit or a number is NaN
 */
export const sbcRanks = ({ draws, truths }: { readonly draws: ReadonlyArray<Matrix>; readonly truths: Matrix }): SbcRanks => {
  const count = expectDraws('sbcRanks', draws, truths)
  const { columns } = truths
  const ranks = new Int32Array(truths.rows * columns)
  draws.forEach(({ values }, i) => {
    for (let l = 0; l < count; l++)
      for (let j = 0; j < columns; j++) if (values[l * columns + j]! < truths.values[i * columns + j]!) ranks[i * columns + j]! += 1
  })
  const dimensions = Array.from({ length: columns }, (_, j) => {
    const column = Int32Array.from({ length: truths.rows }, (_, i) => ranks[i * columns + j]!)
    return { chiSquare: histogramTest(column, count), kolmogorov: uniformRankTest(column, count) }
  })
  return { ranks, draws: count, dimensions, pValue: bonferroni(dimensions.flatMap(d => [d.chiSquare.pValue, d.kolmogorov.pValue])) }
}

const histogramTest = (ranks: Int32Array, highest: number): TestResult => {
  const bins = Math.max(1, Math.min(20, highest + 1, Math.floor(ranks.length / 5)))
  const binOf = (rank: number): number => Math.floor((rank * bins) / (highest + 1))
  const [observed, expected] = [new Float64Array(bins), new Float64Array(bins)]
  for (const rank of ranks) observed[binOf(rank)]! += 1
  for (let rank = 0; rank <= highest; rank++) expected[binOf(rank)]! += ranks.length / (highest + 1)
  return chiSquareTest(observed, expected)
}
