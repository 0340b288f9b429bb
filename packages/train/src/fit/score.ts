import type { FlowParams } from '@diffeo/core'
import { chunkRows } from '../execution/flow-functions.ts'
import type { FlowFunctions } from '../execution/flow-functions.ts'
import { eventRows } from './batches.ts'
import type { Matrices } from './batches.ts'

/** Log-densities of rows of standardized data, in float64, a chunk at a time. */
export const scoreStandardized = (functions: FlowFunctions, params: FlowParams, data: Matrices, rows: Int32Array): Float64Array => {
  const out = new Float64Array(rows.length)
  for (let from = 0; from < rows.length; from += chunkRows)
    out.set(functions.logProb(params, eventRows(data, rows.subarray(from, from + chunkRows)), rows.length), from)
  return out
}

/** The mean in float64. */
export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}
