import { foldIn, permutation } from '@diffeo/core'
import type { Batch, Key } from '@diffeo/core'
import { tensor2d } from '@tensorflow/tfjs-core'
import type { ContextRows, EventRows } from '../execution/flow-functions.ts'

/** Standardized rows, float32, row-major: what a fit holds in memory. */
export interface Matrices {
  readonly rows: number
  readonly width: number
  readonly event: Float32Array
  readonly contextWidth: number
  readonly context: Float32Array | undefined
}

/** The rows of an epoch in their order: a permutation that depends on the key and the epoch alone. */
export const epochOrder = (key: Key, epoch: number, rows: Int32Array): Int32Array => {
  const order = permutation(foldIn(key, epoch), rows.length)
  return order.map(i => rows[i]!)
}

/** Rows as tensors; the caller disposes of them. */
export const batchOf = (data: Matrices, rows: Int32Array): Batch => {
  const x = tensor2d(gatherRows(data.event, data.width, rows), [rows.length, data.width])
  if (data.context === undefined) return { x }
  return { x, context: tensor2d(gatherRows(data.context, data.contextWidth, rows), [rows.length, data.contextWidth]) }
}

/** Rows for a flow's functions. */
export const eventRows = (data: Matrices, rows: Int32Array): EventRows => ({
  rows: rows.length,
  values: gatherRows(data.event, data.width, rows),
  context: contextRows(data, rows),
})

/** The context of rows, where there is one. */
export const contextRows = (data: Matrices, rows: Int32Array): ContextRows | undefined =>
  data.context === undefined ? undefined : { rows: rows.length, values: gatherRows(data.context, data.contextWidth, rows) }

/** Some rows of a row-major matrix. */
export const gatherRows = (values: Float32Array, width: number, rows: Int32Array): Float32Array => {
  const out = new Float32Array(rows.length * width)
  rows.forEach((row, i) => out.set(values.subarray(row * width, (row + 1) * width), i * width))
  return out
}
