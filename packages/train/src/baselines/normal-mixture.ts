import { type Key, normalArray, split, uniformArray } from '@diffeo/core'
import { type Matrix, matrix } from '../matrix.ts'
import { halfLogTwoPi } from '../statistics/normal.ts'
import { invertLower } from './cholesky.ts'
import type { ColumnScale } from '../statistics/moments.ts'

/** A mixture of K normals with full covariances over D joint columns. A normal is a mixture of one. */
export interface NormalMixture {
  readonly dim: number
  /** [K], of sum 1. */
  readonly weights: Float64Array
  /** [K, D] */
  readonly means: Float64Array
  /** The lower Cholesky factors of the covariances, [K, D, D]. */
  readonly factors: Float64Array
}

/** A mixture with what its density needs: log-weights [K] and the inverses W = L^-1 of its factors [K, D, D]. */
export interface PreparedMixture extends NormalMixture {
  readonly logWeights: Float64Array
  readonly inverses: Float64Array
}

/** Inverts the factors. */
export const prepare = (mixture: NormalMixture): PreparedMixture => {
  const { dim, weights, factors } = mixture
  const inverses = new Float64Array(factors.length)
  const square = dim * dim
  for (let k = 0; k < weights.length; k++) inverses.set(invertLower(factors.subarray(k * square, (k + 1) * square), dim), k * square)
  return { ...mixture, logWeights: weights.map(Math.log), inverses }
}

/**
 * log w_k + log N(x_i; m_k, S_k) of the leading `leading` columns for rows start .. start + count - 1, into out[k * count + i].
 *
 * With S = L L' and z = L^-1 (x - m) the leading columns are normal with z's leading entries alone, because L is lower triangular:
 * marginals cost nothing to set up. `rows` may hold only the leading columns.
 */
export const componentLogDensities = (
  { dim, weights, means, inverses, logWeights }: PreparedMixture,
  rows: Matrix,
  start: number,
  count: number,
  leading: number,
  out: Float64Array,
): void => {
  const { columns, values } = rows
  const d = new Float64Array(4 * leading)
  for (let k = 0; k < weights.length; k++) {
    const w = k * dim * dim
    let constant = logWeights[k]! - leading * halfLogTwoPi
    for (let j = 0; j < leading; j++) constant += Math.log(inverses[w + j * dim + j]!)
    // Four rows at a time, twice as fast as one: four sums in flight, and one read of W. The last row stands in for missing ones.
    for (let i = 0; i < count; i += 4) {
      const i1 = Math.min(i + 1, count - 1)
      const i2 = Math.min(i + 2, count - 1)
      const i3 = Math.min(i + 3, count - 1)
      const r0 = (start + i) * columns
      const r1 = (start + i1) * columns
      const r2 = (start + i2) * columns
      const r3 = (start + i3) * columns
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let j = 0; j < leading; j++) {
        const mean = means[k * dim + j]!
        d[4 * j] = values[r0 + j]! - mean
        d[4 * j + 1] = values[r1 + j]! - mean
        d[4 * j + 2] = values[r2 + j]! - mean
        d[4 * j + 3] = values[r3 + j]! - mean
        const line = w + j * dim
        let z0 = 0
        let z1 = 0
        let z2 = 0
        let z3 = 0
        for (let l = 0; l <= j; l++) {
          const wl = inverses[line + l]!
          z0 += wl * d[4 * l]!
          z1 += wl * d[4 * l + 1]!
          z2 += wl * d[4 * l + 2]!
          z3 += wl * d[4 * l + 3]!
        }
        s0 += z0 * z0
        s1 += z1 * z1
        s2 += z2 * z2
        s3 += z3 * z3
      }
      out[k * count + i] = constant - 0.5 * s0
      out[k * count + i1] = constant - 0.5 * s1
      out[k * count + i2] = constant - 0.5 * s2
      out[k * count + i3] = constant - 0.5 * s3
    }
  }
}

const blockRows = 256

/** log p(event | given) of joint rows [given, event]: log p(joint) - log p(given), [rows]. */
export const conditionalLogProb = (mixture: PreparedMixture, joint: Matrix, givenColumns: number): Float64Array => {
  const result = new Float64Array(joint.rows)
  const out = new Float64Array(mixture.weights.length * blockRows)
  for (let start = 0; start < joint.rows; start += blockRows) {
    const count = Math.min(blockRows, joint.rows - start)
    componentLogDensities(mixture, joint, start, count, mixture.dim, out)
    for (let i = 0; i < count; i++) result[start + i] = logSumExp(out, i, count, mixture.weights.length)
    if (givenColumns === 0) continue
    componentLogDensities(mixture, joint, start, count, givenColumns, out)
    for (let i = 0; i < count; i++) result[start + i]! -= logSumExp(out, i, count, mixture.weights.length)
  }
  return result
}

/** log sum_k exp(values[offset + k stride]), k < terms; NaN among them gives NaN. */
export const logSumExp = (values: Float64Array, offset: number, stride: number, terms: number): number => {
  let highest = -Infinity
  for (let k = 0; k < terms; k++) highest = Math.max(highest, values[offset + k * stride]!)
  if (!Number.isFinite(highest)) return highest
  let sum = 0
  for (let k = 0; k < terms; k++) sum += Math.exp(values[offset + k * stride]! - highest)
  return highest + Math.log(sum)
}

/**
 * n rows of the event's columns. The component is drawn by its weight given c, w_k N(c; m_k, S_k); with S = L L' the rest is normal
 * with mean m_x + L_xc z_c, z_c = L_cc^-1 (c - m_c), and factor L_xx: the Schur complement in its triangular form.
 */
export const sampleConditional = (mixture: PreparedMixture, key: Key, n: number, given: Matrix | undefined): Matrix => {
  const { dim, means, factors, inverses, logWeights } = mixture
  const known = given?.columns ?? 0
  const free = dim - known
  const [pickKey, normalKey] = split(key, 2) as [Key, Key]
  const [picks, normals] = [uniformArray(pickKey, n, { low: 0, high: 1 }), normalArray(normalKey, n * free)]
  const values = new Float64Array(n * free)
  const z = new Float64Array(dim)
  const logs = Float64Array.from(logWeights)
  let shares = cumulativeShares(logs)
  for (let i = 0; i < n; i++) {
    const row = given?.rows === 1 ? 0 : i
    if (given !== undefined && (i === 0 || given.rows > 1)) {
      componentLogDensities(mixture, given, row, 1, known, logs)
      shares = cumulativeShares(logs)
    }
    const k = pickIndex(shares, picks[i]!)
    for (let j = 0; j < known; j++) {
      z[j] = 0
      for (let l = 0; l <= j; l++) z[j]! += inverses[(k * dim + j) * dim + l]! * (given!.values[row * known + l]! - means[k * dim + l]!)
    }
    for (let j = 0; j < free; j++) z[known + j] = normals[i * free + j]!
    for (let j = 0; j < free; j++) {
      let x = means[k * dim + known + j]!
      for (let l = 0; l <= known + j; l++) x += factors[(k * dim + known + j) * dim + l]! * z[l]!
      values[i * free + j] = x
    }
  }
  return matrix(n, free, values)
}

/** The running sums of exp(logs), as shares of their total. */
export const cumulativeShares = (logs: Float64Array): Float64Array => {
  const total = logSumExp(logs, 0, 1, logs.length)
  const shares = new Float64Array(logs.length)
  let sum = 0
  for (let k = 0; k < logs.length; k++) shares[k] = sum += Math.exp(logs[k]! - total)
  return shares
}

/** The first index whose running share is above u, u in [0, 1), by bisection; the last one where rounding leaves none. */
export const pickIndex = (shares: Float64Array, u: number): number => {
  let [low, high] = [0, shares.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (shares[middle]! > u) high = middle
    else low = middle + 1
  }
  return low
}

/** A mixture over standardized columns, in the columns' own units. */
export const inUnits = (mixture: NormalMixture, { shift, scale }: ColumnScale): NormalMixture => ({
  dim: mixture.dim,
  weights: mixture.weights,
  means: mixture.means.map((m, i) => m * scale[i % mixture.dim]! + shift[i % mixture.dim]!),
  factors: mixture.factors.map((l, i) => l * scale[Math.floor(i / mixture.dim) % mixture.dim]!),
})
