import type { Flow, FlowParams } from '@diffeo/core'
import { batchOf } from './batches.ts'
import type { Matrices } from './batches.ts'
import { disposeTree } from './dispose.ts'

/** Rows scored at once: bounds the memory, whatever the table's length. */
export const scoreRows = 2048

/** Log-densities of rows of standardized data, in float64, a chunk at a time. */
export const scoreStandardized = (flow: Flow, params: FlowParams, data: Matrices, rows: Int32Array): Float64Array => {
  const out = new Float64Array(rows.length)
  for (let from = 0; from < rows.length; from += scoreRows) {
    const batch = batchOf(data, rows.subarray(from, from + scoreRows))
    const logProb = flow.logProb(params, batch.x, batch.context)
    out.set(logProb.dataSync<'float32'>(), from)
    logProb.dispose()
    disposeTree({ ...batch })
  }
  return out
}

/** The mean in float64. */
export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}
