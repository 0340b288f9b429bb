import { foldIn } from '@diffeo/core'
import type { FlowParams, Key } from '@diffeo/core'
import { sbcRanks } from '../calibration/sbc-ranks.ts'
import { tarp } from '../calibration/tarp.ts'
import type { Tarp } from '../calibration/tarp.ts'
import type { FlowFunctions } from '../execution/flow-functions.ts'
import { firstRows, matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import { contextRows } from './batches.ts'
import type { Matrices } from './batches.ts'

/** A column's ranks of the truth among draws, for simulation-based calibration. */
export interface RankHistogram {
  readonly column: string
  /** How many of `draws` lie below the truth, for each test row. */
  readonly ranks: Int32Array
  readonly draws: number
  readonly p: number
}

/** Checks of a conditional density on test rows: one set of draws for each. */
export interface PosteriorCalibration {
  readonly sbc: ReadonlyArray<RankHistogram>
  readonly tarp: Tarp
}

/** Test rows that are looked at, and draws for each. */
const mostRows = 300
const draws = 99
/** Test rows whose draws go through the flow at once. */
const rowsAtOnce = 16

/**
 * SBC ranks and TARP of a conditional flow: for each of up to 300 test rows 99 draws at its given values.
 *
 * @param test standardized test rows
 */
export const calibratePosterior = (
  functions: FlowFunctions,
  params: FlowParams,
  data: Matrices,
  rows: Int32Array,
  test: Matrix,
  names: ReadonlyArray<string>,
  key: Key,
): PosteriorCalibration => {
  const truths = firstRows(test, mostRows)
  const samples = drawsFor(functions, params, data, rows.subarray(0, truths.rows), foldIn(key, 0))
  const ranks = sbcRanks({ draws: samples, truths })
  const sbc = ranks.dimensions.map(({ kolmogorov }, j) => ({
    column: names[j]!,
    ranks: Int32Array.from({ length: truths.rows }, (_, i) => ranks.ranks[i * truths.columns + j]!),
    draws,
    p: kolmogorov.pValue,
  }))
  return { sbc, tarp: tarp({ samples, truths, key: foldIn(key, 1) }) }
}

const drawsFor = (functions: FlowFunctions, params: FlowParams, data: Matrices, rows: Int32Array, key: Key): ReadonlyArray<Matrix> => {
  const size = draws * data.width
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, chunk) => {
    const context = contextRows(data, rows.subarray(chunk * rowsAtOnce, (chunk + 1) * rowsAtOnce))!
    const values = functions.sampleEach(params, foldIn(key, chunk), draws, context, rowsAtOnce)
    return Array.from({ length: context.rows }, (_, i) => matrix(draws, data.width, values.slice(i * size, (i + 1) * size)))
  }).flat()
}
