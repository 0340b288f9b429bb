import { uniformArray } from '../random/arrays.ts'
import type { Key } from '../random/key.ts'

/** Rows of numbers, row-major: the points that are clustered. */
export interface Points {
  readonly rows: number
  readonly columns: number
  readonly values: ArrayLike<number>
}

/** Cluster centres [K, D] and the nearest one of each row [rows]. */
export interface Clusters {
  readonly centres: Float64Array
  readonly assignment: Int32Array
}

/**
 * Lloyd's k-means from k-means++ centres (Arthur and Vassilvitskii 2007): each next centre is a row drawn with probability
 * proportional to its squared distance from the nearest centre so far. Stops when no row moves, or after `iterations`. A cluster
 * that loses its rows keeps its centre.
 */
export const kMeans = (key: Key, rows: Points, count: number, iterations = 10): Clusters => {
  let clusters = assign(rows, plusPlusCentres(key, rows, count), count)
  for (let i = 0; i < iterations; i++) {
    const next = assign(rows, clusterMeans(rows, clusters, count), count)
    const settled = next.assignment.every((k, row) => k === clusters.assignment[row])
    clusters = next
    if (settled) break
  }
  return clusters
}

const plusPlusCentres = (key: Key, rows: Points, count: number): Float64Array => {
  const draws = uniformArray(key, count, { low: 0, high: 1 })
  const centres = new Float64Array(count * rows.columns)
  const nearest = new Float64Array(rows.rows).fill(Infinity)
  let row = Math.min(rows.rows - 1, Math.floor(draws[0]! * rows.rows))
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < rows.columns; j++) centres[k * rows.columns + j] = rows.values[row * rows.columns + j]!
    let total = 0
    for (let i = 0; i < rows.rows; i++) {
      nearest[i] = Math.min(nearest[i]!, squaredDistance(rows, i, centres, k))
      total += nearest[i]!
    }
    row = k + 1 < count ? passing(nearest, draws[k + 1]! * total) : row
  }
  return centres
}

const passing = (shares: Float64Array, target: number): number => {
  let left = target
  for (let i = 0; i < shares.length; i++) {
    left -= shares[i]!
    if (left < 0) return i
  }
  return shares.length - 1
}

const squaredDistance = ({ columns, values }: Points, row: number, centres: Float64Array, k: number): number => {
  let sum = 0
  for (let j = 0; j < columns; j++) sum += (values[row * columns + j]! - centres[k * columns + j]!) ** 2
  return sum
}

const assign = (rows: Points, centres: Float64Array, count: number): Clusters => {
  const assignment = new Int32Array(rows.rows)
  for (let i = 0; i < rows.rows; i++) {
    let least = Infinity
    for (let k = 0; k < count; k++) {
      const distance = squaredDistance(rows, i, centres, k)
      if (distance < least) {
        least = distance
        assignment[i] = k
      }
    }
  }
  return { centres, assignment }
}

const clusterMeans = (rows: Points, { centres, assignment }: Clusters, count: number): Float64Array => {
  const sums = new Float64Array(count * rows.columns)
  const sizes = new Float64Array(count)
  for (let i = 0; i < rows.rows; i++) {
    const k = assignment[i]!
    sizes[k]! += 1
    for (let j = 0; j < rows.columns; j++) sums[k * rows.columns + j]! += rows.values[i * rows.columns + j]!
  }
  return sums.map((sum, i) => {
    const size = sizes[Math.floor(i / rows.columns)]!
    return size > 0 ? sum / size : centres[i]!
  })
}
