import { foldIn, type Key, permutation } from '@diffeo/core'
import { columnScale, standardize } from '../statistics/moments.ts'
import { type Matrix, matrix } from '../matrix.ts'
import type { TestResult } from '../statistics/kolmogorov.ts'
import { subsample } from '../subsample.ts'
import { expectFinite, expectSameColumns } from './expect-rows.ts'

/** What an energy test draws with: permutations for the p-value (200 unless said), and the most rows of each side (1,000). */
export interface EnergyOptions {
  readonly key: Key
  readonly permutations?: number
  readonly rows?: number
}

/**
 * The energy distance of two sets of rows (Szekely and Rizzo 2004), the columns standardized by both sets together, with a
 * permutation test that they come from one distribution.
 *
 *   E(a, b) = 2 mean |a_i - b_j| - mean |a_i - a_j| - mean |b_i - b_j|        p = (1 + #{E_perm >= E}) / (1 + permutations)
 *
 * It is 0 only for equal distributions; it is most sensitive to shifts, less so to widths and shapes. The least p-value is
 * 1 / (1 + permutations). O(rows^2) time and memory: 16 MB and about a second at 1,000 + 1,000 rows.
 *
 * @throws RangeError with fewer than 2 rows, different columns, or a value that is not finite
 */
export const energyDistance = (a: Matrix, b: Matrix, { key, permutations = 200, rows = 1000 }: EnergyOptions): TestResult => {
  expectFinite('energyDistance', 'a', a)
  expectFinite('energyDistance', 'b', b)
  expectSameColumns('energyDistance', a, b)
  const [some, others] = [subsample(foldIn(key, 0), a, rows), subsample(foldIn(key, 1), b, rows)]
  const both = stack(some, others)
  const distances = pairDistances(standardize(both, columnScale(both)))
  const signs = Float64Array.from({ length: both.rows }, (_, i) => (i < some.rows ? 1 / some.rows : -1 / others.rows))
  const statistic = energy(distances, signs)
  const permutationKey = foldIn(key, 2)
  let asLarge = 0
  for (let p = 0; p < permutations; p++) {
    const order = permutation(foldIn(permutationKey, p), both.rows)
    if (
      energy(
        distances,
        Float64Array.from(order, i => signs[i]!),
      ) >= statistic
    )
      asLarge += 1
  }
  return { statistic, pValue: (1 + asLarge) / (1 + permutations) }
}

const stack = (a: Matrix, b: Matrix): Matrix => {
  const values = new Float64Array(a.values.length + b.values.length)
  values.set(a.values)
  values.set(b.values, a.values.length)
  return matrix(a.rows + b.rows, a.columns, values)
}

/** |x_i - x_j| for j < i, one row after another: [n (n - 1) / 2]. */
const pairDistances = ({ rows, columns, values }: Matrix): Float64Array => {
  const distances = new Float64Array((rows * (rows - 1)) / 2)
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < i; j++, at++) {
      let sum = 0
      for (let c = 0; c < columns; c++) {
        const d = values[i * columns + c]! - values[j * columns + c]!
        sum += d * d
      }
      distances[at] = Math.sqrt(sum)
    }
  return distances
}

/** -s' D s with s_i = 1/n in one set and -1/m in the other: the three means at once. */
const energy = (distances: Float64Array, signs: Float64Array): number => {
  let sum = 0
  for (let i = 0, at = 0; i < signs.length; at += i, i++) {
    let even = 0
    let odd = 0
    for (let j = 0; j + 1 < i; j += 2) {
      even += distances[at + j]! * signs[j]!
      odd += distances[at + j + 1]! * signs[j + 1]!
    }
    if (i % 2 === 1) even += distances[at + i - 1]! * signs[i - 1]!
    sum += signs[i]! * (even + odd)
  }
  return -2 * sum
}
