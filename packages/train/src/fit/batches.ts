import { foldIn, normalArray, permutation } from '@diffeo/core'
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
  /** Standard errors of the event, of its shape. */
  readonly errors?: Float32Array | undefined
}

/** The rows of an epoch in their order: a permutation that depends on the key and the epoch alone. */
export const epochOrder = (key: Key, epoch: number, rows: Int32Array): Int32Array => {
  const order = permutation(foldIn(key, epoch), rows.length)
  return order.map(i => rows[i]!)
}

/** Rows as tensors, moved within their errors by a draw of the key; the caller disposes of them. */
export const batchOf = (data: Matrices, rows: Int32Array, key?: Key): Batch => {
  const x = tensor2d(movedRows(data, rows, key), [rows.length, data.width])
  if (data.context === undefined) return { x }
  return { x, context: tensor2d(gatherRows(data.context, data.contextWidth, rows), [rows.length, data.contextWidth]) }
}

/** Events of rows, moved within their errors by a draw of the key. */
const movedRows = (data: Matrices, rows: Int32Array, key: Key | undefined): Float32Array => {
  const values = gatherRows(data.event, data.width, rows)
  if (data.errors === undefined || key === undefined) return values
  const normals = normalArray(key, values.length)
  const errors = gatherRows(data.errors, data.width, rows)
  return values.map((value, at) => value + errors[at]! * normals[at]!)
}

/** The same data with the events of some rows moved within their errors, once and for all. */
export const withErrorsDrawn = (data: Matrices, rows: Int32Array, key: Key): Matrices => {
  if (data.errors === undefined) return data
  const event = Float32Array.from(data.event)
  const moved = movedRows(data, rows, key)
  rows.forEach((row, i) => event.set(moved.subarray(i * data.width, (i + 1) * data.width), row * data.width))
  return { ...data, event }
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
