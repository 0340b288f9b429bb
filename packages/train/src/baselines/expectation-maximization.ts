import type { Key } from '@diffeo/core'
import type { Matrix } from '../matrix.ts'
import { choleskyFactor } from './cholesky.ts'
import { kMeans } from '@diffeo/core'
import { componentLogDensities, type NormalMixture, prepare } from './normal-mixture.ts'

/** How long EM runs, and what it keeps the covariances above. */
export interface EmOptions {
  readonly iterations: number
  /** Stop when an iteration gains less than this share of |mean log-likelihood|, or of 1 nat where that is more. */
  readonly tolerance: number
  /** Added to the diagonals of the covariances, in the rows' units squared. */
  readonly floor: number
}

/**
 * Expectation-maximization for a mixture of normals (Dempster, Laird, Rubin 1977) from `start`, on standardized rows.
 *
 *   r_ik = w_k N(x_i; m_k, S_k) / sum_l w_l N(x_i; m_l, S_l)        N_k = sum_i r_ik
 *   w_k = N_k / n,   m_k = sum_i r_ik x_i / N_k,   S_k = sum_i r_ik (x_i - m_k)(x_i - m_k)' / N_k + floor I
 *
 * Responsibilities come by log-sum-exp; a component that has lost its rows keeps its place with a weight near 0.
 */
export const expectationMaximization = (start: NormalMixture, rows: Matrix, options: EmOptions): NormalMixture => {
  let mixture = start
  let last = -Infinity
  for (let i = 0; i < options.iterations; i++) {
    const { sums, meanLogLikelihood } = expectation(mixture, rows)
    mixture = maximization(mixture, sums, rows.rows, options.floor)
    if (meanLogLikelihood - last < options.tolerance * Math.max(1, Math.abs(meanLogLikelihood))) break
    last = meanLogLikelihood
  }
  return mixture
}

/**
 * A mixture to start EM from: the clusters of k-means from k-means++ centres, with their shares, means and covariances. Each
 * covariance is drawn towards that of all clusters pooled by D + 1 pseudo-rows, so that a cluster of few rows is no spike.
 */
export const kMeansStart = (key: Key, rows: Matrix, count: number, floor: number): NormalMixture => {
  const dim = rows.columns
  const { centres, assignment } = kMeans(key, rows, count)
  const sums = emptySums(count, dim)
  const some = noRows(dim)
  for (let start = 0; start < rows.rows; start += blockRows)
    for (let k = 0; k < count; k++) {
      some.count = 0
      for (let i = start; i < Math.min(start + blockRows, rows.rows); i++) if (assignment[i] === k) pick(some, i, 1)
      addRows(sums, k, rows, centres, padded(some))
    }
  const pooled = new Float64Array(dim * dim)
  for (let i = 0; i < sums.products.length; i++) pooled[i % (dim * dim)]! += sums.products[i]! / rows.rows
  const shrunk = {
    sizes: sums.sizes.map(size => size + dim + 1),
    shifts: sums.shifts,
    products: sums.products.map((sum, i) => sum + (dim + 1) * pooled[i % (dim * dim)]!),
  }
  const empty = { dim, weights: shrunk.sizes, means: centres, factors: new Float64Array(shrunk.products.length) }
  return { ...maximization(empty, shrunk, 1, floor), means: centres, weights: sums.sizes.map(size => (size + 1) / (rows.rows + count)) }
}

/** Weighted sums about the current means m: sum r [K], sum r (x - m) [K, D], sum r (x - m)(x - m)' [K, D, D], lower half. */
interface Sums {
  readonly sizes: Float64Array
  readonly shifts: Float64Array
  readonly products: Float64Array
}

const emptySums = (count: number, dim: number): Sums => ({
  sizes: new Float64Array(count),
  shifts: new Float64Array(count * dim),
  products: new Float64Array(count * dim * dim),
})

/**
 * Adds the rows `picked[0 .. count - 1]`, weighted, to the sums of component k. Column by column, two columns and two rows at a
 * time, so that the sums over rows stay in registers.
 */
const addRows = (
  { sizes, shifts, products }: Sums,
  k: number,
  rows: Matrix,
  means: Float64Array,
  { picked, weights, count, residuals, weighted }: Picked,
): void => {
  const { columns: dim, values } = rows
  for (let i = 0; i < count; i++) sizes[k]! += weights[i]!
  for (let j = 0; j < dim; j++) {
    const mean = means[k * dim + j]!
    const at = j * blockRows
    let shift = 0
    for (let i = 0; i < count; i++) {
      const d = values[picked[i]! * dim + j]! - mean
      residuals[at + i] = d
      weighted[i] = weights[i]! * d
      shift += weighted[i]!
    }
    shifts[k * dim + j]! += shift
    for (let l = 0; l <= j; l += 2) {
      const first = l * blockRows
      const second = Math.min(l + 1, j) * blockRows
      let a0 = 0
      let a1 = 0
      let b0 = 0
      let b1 = 0
      for (let i = 0; i < count; i += 2) {
        const w0 = weighted[i]!
        const w1 = weighted[i + 1]!
        a0 += w0 * residuals[first + i]!
        a1 += w1 * residuals[first + i + 1]!
        b0 += w0 * residuals[second + i]!
        b1 += w1 * residuals[second + i + 1]!
      }
      const line = (k * dim + j) * dim
      products[line + l]! += a0 + a1
      if (l < j) products[line + l + 1]! += b0 + b1
    }
  }
}

/** The rows of a block that a component has a share in, and room to work in. */
interface Picked {
  readonly picked: Int32Array
  readonly weights: Float64Array
  readonly residuals: Float64Array
  readonly weighted: Float64Array
  count: number
}

const noRows = (dim: number): Picked => ({
  picked: new Int32Array(blockRows),
  weights: new Float64Array(blockRows),
  residuals: new Float64Array(blockRows * dim),
  weighted: new Float64Array(blockRows),
  count: 0,
})

const pick = (some: Picked, row: number, weight: number): void => {
  some.picked[some.count] = row
  some.weights[some.count++] = weight
}

/** An even number of rows: the last one again, with no weight. */
const padded = (some: Picked): Picked => {
  if (some.count % 2 === 1) pick(some, some.picked[some.count - 1]!, 0)
  return some
}

const blockRows = 256

const expectation = (mixture: NormalMixture, rows: Matrix): { readonly sums: Sums; readonly meanLogLikelihood: number } => {
  const count = mixture.weights.length
  const prepared = prepare(mixture)
  const sums = emptySums(count, mixture.dim)
  const logs = new Float64Array(count * blockRows)
  const totals = new Float64Array(blockRows)
  const some = noRows(mixture.dim)
  let logLikelihood = 0
  for (let start = 0; start < rows.rows; start += blockRows) {
    const block = Math.min(blockRows, rows.rows - start)
    componentLogDensities(prepared, rows, start, block, mixture.dim, logs)
    for (let i = 0; i < block; i++) {
      let highest = -Infinity
      for (let k = 0; k < count; k++) highest = Math.max(highest, logs[k * block + i]!)
      let total = 0
      for (let k = 0; k < count; k++) {
        const relative = logs[k * block + i]! - highest
        // exp(-32) = 1e-14: less than the rounding of the sums that it would be added to.
        const share = relative < -32 ? 0 : Math.exp(relative)
        logs[k * block + i] = share
        total += share
      }
      totals[i] = total
      logLikelihood += highest + Math.log(total)
    }
    for (let k = 0; k < count; k++) {
      some.count = 0
      for (let i = 0; i < block; i++) if (logs[k * block + i]! > 0) pick(some, start + i, logs[k * block + i]! / totals[i]!)
      addRows(sums, k, rows, mixture.means, padded(some))
    }
  }
  return { sums, meanLogLikelihood: logLikelihood / rows.rows }
}

const maximization = (old: NormalMixture, { sizes, shifts, products }: Sums, n: number, floor: number): NormalMixture => {
  const { dim } = old
  const means = Float64Array.from(old.means)
  const factors = Float64Array.from(old.factors)
  for (let k = 0; k < sizes.length; k++) {
    const size = sizes[k]!
    if (size < 1e-6) continue
    const shift = shifts.subarray(k * dim, (k + 1) * dim).map(s => s / size)
    for (let j = 0; j < dim; j++) means[k * dim + j]! += shift[j]!
    const covariance = new Float64Array(dim * dim)
    for (let j = 0; j < dim; j++)
      for (let l = 0; l <= j; l++) {
        const c = products[(k * dim + j) * dim + l]! / size - shift[j]! * shift[l]! + (j === l ? floor : 0)
        covariance[j * dim + l] = c
        covariance[l * dim + j] = c
      }
    factors.set(choleskyFactor(covariance, dim).factor, k * dim * dim)
  }
  return { dim, weights: sizes.map(size => Math.max(size, 1e-12) / n), means, factors }
}
