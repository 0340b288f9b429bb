/** A test statistic and the probability of one at least as extreme if the hypothesis holds. */
export interface TestResult {
  readonly statistic: number
  readonly pValue: number
}

/**
 * P(K > x) of the Kolmogorov distribution, the limit of sqrt(n) sup |F_n - F|.
 *
 *   2 sum_{k >= 1} (-1)^(k - 1) exp(-2 k^2 x^2)   =   1 - sqrt(2 pi) / x sum_{k >= 1} exp(-(2k - 1)^2 pi^2 / (8 x^2))
 *
 * The first form converges at once for large x, the second for small x (Marsaglia, Tsang, Wang 2003).
 */
export const kolmogorovSurvival = (x: number): number => {
  if (Number.isNaN(x)) return NaN
  if (x <= 0) return 1
  const terms = [1, 2, 3, 4, 5, 6]
  if (x < 1.18)
    return 1 - (Math.sqrt(2 * Math.PI) / x) * terms.reduce((sum, k) => sum + Math.exp(-(((2 * k - 1) * Math.PI) ** 2) / (8 * x * x)), 0)
  return 2 * terms.reduce((sum, k) => sum + (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x), 0)
}

/** The p-value of D = sup |F_n - F|, with Stephens' (1970) correction for a finite n: K = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) D. */
export const kolmogorovPValue = (distance: number, n: number): number =>
  kolmogorovSurvival((Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance)

/** Kolmogorov and Smirnov's test that the values are uniform on [0, 1]. NaN among them gives NaN. */
export const uniformTest = (values: ArrayLike<number>): TestResult => {
  const sorted = Float64Array.from(values).sort()
  const n = sorted.length
  let statistic = 0
  for (let i = 0; i < n; i++) statistic = Math.max(statistic, (i + 1) / n - sorted[i]!, sorted[i]! - i / n)
  return { statistic, pValue: kolmogorovPValue(statistic, n) }
}

/**
 * The same test for ranks that are uniform on 0 .. L: sup over r of |F_n(r) - (r + 1) / (L + 1)|. For so discrete a variable the
 * p-value errs towards 1.
 */
export const uniformRankTest = (ranks: ArrayLike<number>, highest: number): TestResult => {
  const counts = new Float64Array(highest + 1)
  for (let i = 0; i < ranks.length; i++) counts[ranks[i]!]! += 1
  let [below, statistic] = [0, 0]
  for (let r = 0; r <= highest; r++) {
    below += counts[r]! / ranks.length
    statistic = Math.max(statistic, Math.abs(below - (r + 1) / (highest + 1)))
  }
  return { statistic, pValue: kolmogorovPValue(statistic, ranks.length) }
}

/** The two-sample test: sup |F_a - F_b|, with n m / (n + m) in the place of n. NaN among them gives NaN. */
export const twoSampleTest = (a: ArrayLike<number>, b: ArrayLike<number>): TestResult => {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()]
  // A sort of a Float64Array puts NaN last.
  if (Number.isNaN(x.at(-1)) || Number.isNaN(y.at(-1))) return { statistic: NaN, pValue: NaN }
  let [i, j, statistic] = [0, 0, 0]
  while (i < x.length && j < y.length) {
    const step = Math.min(x[i]!, y[j]!)
    while (i < x.length && x[i]! <= step) i++
    while (j < y.length && y[j]! <= step) j++
    statistic = Math.max(statistic, Math.abs(i / x.length - j / y.length))
  }
  return { statistic, pValue: kolmogorovPValue(statistic, (x.length * y.length) / (x.length + y.length)) }
}

/** The p-value of several tests together, whatever their dependence: min(1, m min p) (Bonferroni; Holm's least adjusted p is the same). */
export const bonferroni = (pValues: ReadonlyArray<number>): number => Math.min(1, pValues.length * Math.min(...pValues))
