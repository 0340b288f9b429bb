import { type Key, foldIn, normalArray, split, uniformArray } from '@diffeo/core'
import { type Matrix, matrix } from '../matrix.ts'
import { halfLogTwoPi } from '../statistics/normal.ts'
import type { Baseline, FitBaseline } from './baseline.ts'
import { choleskyFactor, invertLower } from './cholesky.ts'
import { goldenSection } from './golden-section.ts'
import { givenRows, joinGiven, jointRows } from './joint.ts'
import { moments } from '../statistics/moments.ts'
import { cumulativeShares, pickIndex } from './normal-mixture.ts'
import { subsample } from '../subsample.ts'

/**
 * A kernel density estimate with a Gaussian kernel of the data's own shape, covariance h^2 S, the bandwidth h being that of the highest
 * validation log-likelihood (powers of two of Scott's n^(-1 / (D + 4)), then golden section to 2 %).
 *
 *   p(x) = 1/n sum_j N(x; x_j, h^2 S)        p(x | c) = sum_j N((c, x); (c_j, x_j), h^2 S) / sum_j N(c; c_j, h^2 S_cc)
 *
 * In z = L^-1 (row - mean), S = L L', given columns first, every kernel is round, and the given columns are z's leading ones. At most
 * 20,000 reference rows are kept (500,000 numbers), drawn by the key, and `detail` says so; h is chosen on 500 validation rows. A row
 * costs one pass over the references.
 *
 * @throws RangeError with fewer than 2 training rows, no validation row, or a value that is not finite
 */
export const kernelDensity: FitBaseline = (train, validation, options) => {
  const { train: joint, validation: held, givenColumns } = jointRows('kernelDensity', train, validation, options)
  const whitening = whiten(joint)
  const most = Math.max(100, Math.min(mostReferences, Math.floor(mostNumbers / joint.columns)))
  const references = whitening.apply(subsample(foldIn(options.key, 0), joint, most))
  const queries = whitening.apply(subsample(foldIn(options.key, 1), held, mostQueries))
  const bandwidth = chooseBandwidth(references, queries, givenColumns)
  const cut = references.rows < joint.rows ? `, ${references.rows} of ${joint.rows} rows` : ''
  return kernelBaseline({ whitening, references, bandwidth, givenColumns }, `bandwidth ${bandwidth.toPrecision(2)}${cut}`)
}

const mostReferences = 20_000
const mostNumbers = 500_000
const mostQueries = 500

interface Kernels {
  readonly whitening: Whitening
  readonly references: Matrix
  readonly bandwidth: number
  readonly givenColumns: number
}

const kernelBaseline = (kernels: Kernels, detail: string): Baseline => {
  const { whitening, references, bandwidth, givenColumns } = kernels
  const columns = references.columns - givenColumns
  const offset = whitening.logVolume(givenColumns)
  return {
    name: 'kernelDensity',
    detail,
    logProb: (rows, given) => {
      const z = whitening.apply(joinGiven('kernelDensity', rows, given, columns, givenColumns))
      return logKernelSums(references, z, givenColumns, [bandwidth])[0]!.map(logP => logP - offset)
    },
    sample: (key, n, given) => sampleKernels(kernels, key, n, givenRows('kernelDensity', given, n, givenColumns)),
  }
}

interface Whitening {
  readonly mean: Float64Array
  readonly factor: Float64Array
  /** L^-1 (row - mean) of rows that hold all columns or the leading ones. */
  readonly apply: (rows: Matrix) => Matrix
  /** log |det L| of the columns from `from` on. */
  readonly logVolume: (from: number) => number
}

const whiten = (rows: Matrix): Whitening => {
  const dim = rows.columns
  const { mean, covariance } = moments(rows)
  const { factor } = choleskyFactor(covariance, dim)
  const inverse = invertLower(factor, dim)
  return {
    mean,
    factor,
    apply: ({ rows: n, columns, values }) => {
      const z = new Float64Array(n * columns)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < columns; j++)
          for (let l = 0; l <= j; l++) z[i * columns + j]! += inverse[j * dim + l]! * (values[i * columns + l]! - mean[l]!)
      return matrix(n, columns, z)
    },
    logVolume: from => {
      let sum = 0
      for (let j = from; j < dim; j++) sum += Math.log(factor[j * dim + j]!)
      return sum
    },
  }
}

const chooseBandwidth = (references: Matrix, queries: Matrix, givenColumns: number): number => {
  const scott = references.rows ** (-1 / (references.columns + 4))
  const grid = [-6, -5, -4, -3, -2, -1, 0, 1].map(power => scott * 2 ** power)
  const score = (logs: Float64Array): number => logs.reduce((sum, x) => sum + x, 0)
  const scores = logKernelSums(references, queries, givenColumns, grid).map(score)
  const best = Math.log(grid[scores.indexOf(Math.max(...scores))]!)
  const scoreOf = (logH: number): number => score(logKernelSums(references, queries, givenColumns, [Math.exp(logH)])[0]!)
  const refined = goldenSection(scoreOf, best - Math.LN2, best + Math.LN2, 0.02)
  return Math.exp(refined)
}

/**
 * For each bandwidth h, log p(x | c) of the whitened rows under the round kernels at the whitened references: a log-sum-exp over the joint
 * squared distances, less one over those of the leading columns.
 */
const logKernelSums = (
  references: Matrix,
  queries: Matrix,
  givenColumns: number,
  bandwidths: ReadonlyArray<number>,
): ReadonlyArray<Float64Array> => {
  const results = bandwidths.map(() => new Float64Array(queries.rows))
  const known = new Float64Array(references.rows)
  const joint = new Float64Array(references.rows)
  const free = references.columns - givenColumns
  for (let i = 0; i < queries.rows; i++) {
    if (givenColumns > 0) squaredDistances(references, queries, i, 0, givenColumns, known)
    joint.set(known)
    squaredDistances(references, queries, i, givenColumns, references.columns, joint)
    bandwidths.forEach((h, b) => {
      const normalization = givenColumns > 0 ? logKernelSum(known, h) : Math.log(references.rows)
      results[b]![i] = logKernelSum(joint, h) - normalization - free * (Math.log(h) + halfLogTwoPi)
    })
  }
  return results
}

/** Adds to out[j] the squared distance of row i of the queries from reference j over the columns from .. to - 1. */
const squaredDistances = (references: Matrix, queries: Matrix, i: number, from: number, to: number, out: Float64Array): void => {
  const { rows, columns, values } = references
  const query = Float64Array.from(queries.values.subarray(i * queries.columns, (i + 1) * queries.columns))
  for (let j = 0, at = 0; j < rows; j++, at += columns) {
    let sum = from === 0 ? 0 : out[j]!
    let c = from
    // Unrolled by three: half the time at 6 columns.
    for (; c + 2 < to; c += 3) {
      const d0 = values[at + c]! - query[c]!
      const d1 = values[at + c + 1]! - query[c + 1]!
      const d2 = values[at + c + 2]! - query[c + 2]!
      sum += d0 * d0 + d1 * d1 + d2 * d2
    }
    for (; c < to; c++) {
      const d = values[at + c]! - query[c]!
      sum += d * d
    }
    out[j] = sum
  }
}

/** log sum_j exp(-d_j / (2 h^2)); terms below 1e-17 of the largest are skipped. */
const logKernelSum = (squared: Float64Array, h: number): number => {
  let least = Infinity
  for (let j = 0; j < squared.length; j++) if (squared[j]! < least) least = squared[j]!
  if (least === Infinity) return Number.isNaN(squared[0]!) ? NaN : -Infinity
  const scale = -0.5 / (h * h)
  const cut = least + 78 * h * h
  let sum = 0
  for (let j = 0; j < squared.length; j++) if (squared[j]! < cut) sum += Math.exp(scale * (squared[j]! - least))
  return scale * least + Math.log(sum)
}

const sampleKernels = (
  { whitening, references, bandwidth: h, givenColumns }: Kernels,
  key: Key,
  n: number,
  given: Matrix | undefined,
): Matrix => {
  const { rows, columns } = references
  const free = columns - givenColumns
  const [pickKey, normalKey] = split(key, 2) as [Key, Key]
  const [picks, normals] = [uniformArray(pickKey, n, { low: 0, high: 1 }), normalArray(normalKey, n * free)]
  const known = given === undefined ? undefined : whitening.apply(given)
  const squared = new Float64Array(rows)
  const values = new Float64Array(n * free)
  const z = new Float64Array(columns)
  let shares = cumulativeShares(new Float64Array(rows))
  for (let i = 0; i < n; i++) {
    const row = known?.rows === 1 ? 0 : i
    if (known !== undefined && (i === 0 || known.rows > 1)) {
      squaredDistances(references, known, row, 0, givenColumns, squared)
      shares = cumulativeShares(squared.map(d => (-0.5 * d) / (h * h)))
    }
    const j = pickIndex(shares, picks[i]!)
    for (let c = 0; c < columns; c++)
      z[c] =
        c < givenColumns
          ? known!.values[row * givenColumns + c]!
          : references.values[j * columns + c]! + h * normals[i * free + c - givenColumns]!
    for (let c = 0; c < free; c++) {
      let x = whitening.mean[givenColumns + c]!
      for (let l = 0; l <= givenColumns + c; l++) x += whitening.factor[(givenColumns + c) * columns + l]! * z[l]!
      values[i * free + c] = x
    }
  }
  return matrix(n, free, values)
}
