/**
 * log Gamma(x) for x > 0, to about 1e-14 (Lanczos 1964 with Godfrey's coefficients, g = 7, n = 9).
 *
 *   Gamma(z + 1) = sqrt(2 pi) (z + g + 1/2)^(z + 1/2) e^-(z + g + 1/2) (c_0 + sum_k c_k / (z + k))
 *
 * @see https://en.wikipedia.org/wiki/Lanczos_approximation
 */
export const logGamma = (x: number): number => {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  const t = z + 7.5
  const series = lanczos.reduce((sum, c, k) => sum + (k === 0 ? c : c / (z + k)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series)
}

const lanczos: ReadonlyArray<number> = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/**
 * Q(a, x) = Gamma(a, x) / Gamma(a), the regularized upper incomplete gamma function, for a > 0 and x >= 0.
 *
 * Below a + 1 the series P(a, x) = x^a e^-x sum_k x^k / Gamma(a + k + 1) (DLMF 8.7.1), above it the continued fraction
 * Q(a, x) = x^a e^-x / Gamma(a) 1/(x + 1 - a - 1(1 - a)/(x + 3 - a - ...)) (DLMF 8.9.2) by modified Lentz. The normal and
 * the chi-square distribution are made of it: npm's small statistics packages have tables or 7 digits in its place.
 */
export const upperIncompleteGamma = (a: number, x: number): number => {
  if (Number.isNaN(a) || Number.isNaN(x)) return NaN
  if (x <= 0) return 1
  if (x === Infinity) return 0
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  return x < a + 1 ? 1 - front * lowerSeries(a, x) : front * upperFraction(a, x)
}

const limit = 10_000

const lowerSeries = (a: number, x: number): number => {
  let term = 1 / a
  let sum = term
  for (let k = 1; k < limit && term > sum * 1e-17; k++) {
    term *= x / (a + k)
    sum += term
  }
  return sum
}

const upperFraction = (a: number, x: number): number => {
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let h = d
  for (let k = 1; k < limit; k++) {
    const an = -k * (k - a)
    b += 2
    d = 1 / (Math.abs(an * d + b) < tiny ? tiny : an * d + b)
    c = Math.abs(b + an / c) < tiny ? tiny : b + an / c
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return h
}
