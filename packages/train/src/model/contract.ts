import type { Flow, FlowParams } from '@diffeo/core'
import type { Rows } from '../data/table-from.ts'
import type { Schema } from '../data/schema.ts'
import type { Matrix } from '../matrix.ts'
import type { FitRecord } from './record.ts'

/** Data as users have them: a table that was read, or rows in memory. */
export type Data = Rows

/** Values of the conditioning columns: one for all rows, or a row (or table) of them for each. */
export type Given = { readonly [column: string]: number } | Data

/** How a model is sampled. */
export interface SampleOptions {
  /** 0 unless said. */
  readonly seed?: number
  readonly given?: Given
}

/**
 * A fitted flow with its table's schema. Rows go in and come out in the data's own units; work goes through in chunks, so that
 * memory does not grow with the number of rows. `dispose` frees the parameters; nothing else is left to tidy.
 */
export interface Model {
  readonly flow: Flow
  readonly params: FlowParams
  readonly schema: Schema
  readonly record: FitRecord
  /**
   * Log-densities of rows, in nats, with respect to the data's own units. Conditioning columns stand in the rows. A value on the
   * step of a dequantized column stands for its cell and is scored at the middle of it.
   */
  logProb(rows: Data): Promise<Float64Array>
  /** Where a row's log-density stands among held-out rows, in [0, 1]: near 0 is unlike anything held out. */
  quantile(rows: Data): Promise<Float64Array>
  /** The latents of rows, [N, D] row-major; standard normal if the model is right. */
  toBase(rows: Data): Promise<Matrix>
  /** n rows in the data's units, as records of the event's columns. */
  sample(n: number, options?: SampleOptions): Promise<ReadonlyArray<{ readonly [column: string]: number }>>
  /** The same draws as one matrix a chunk. */
  sampleChunks(n: number, options?: SampleOptions): AsyncIterable<Matrix>
  /** Log-densities a chunk at a time, in the order of the rows. */
  logProbChunks(rows: Data): AsyncIterable<Float64Array>
  /** The model at fixed values of its conditioning columns; shares the parameters. */
  given(values: { readonly [column: string]: number }): Model
  /** The bytes of the model file. */
  encode(): Uint8Array
  /** Writes the model file: to a temporary name, synced, then renamed. */
  save(path: string): Promise<void>
  dispose(): void
}
