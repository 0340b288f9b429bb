import type { Flow, FlowParams } from '@diffeo/core'
import type { Rows } from '../data/table-from.ts'
import type { Schema } from '../data/schema.ts'
import type { Matrix } from '../matrix.ts'
import type { Posterior } from './posterior.ts'
import type { FitRecord } from './record.ts'
import type { RowScores } from './score.ts'

/** Data as users have them: a table that was read, or rows in memory. */
export type Data = Rows

/** A value for each conditioning column: a number, or a category by its name. */
export type GivenValues = { readonly [column: string]: number | string }

/** Values of the conditioning columns: one for all rows, or a row (or table) of them for each. */
export type Given = GivenValues | Data

/** A sampled row of numbers. */
export type NumberRow = { readonly [column: string]: number }
/** A sampled row: numbers, and categories by their names. */
export type SampledRow = { readonly [column: string]: number | string }

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
   * step of a dequantized column stands for its cell and is scored at the middle of it. Categories and whole numbers have probabilities
   * instead (counting measure); of whole numbers the score is the log-mean of 32 keyed draws of noise, a lower bound on the log-probability.
   * A row is scored by the cells that it has: missing ones, where the column may lack them, are integrated out by 256 keyed draws.
   */
  logProb(rows: Data): Promise<Float64Array>
  /** Where a row's log-density stands among held-out rows, in [0, 1]: near 0 is unlike anything held out. */
  quantile(rows: Data): Promise<Float64Array>
  /** The latents of rows, [N, D] row-major; standard normal if the model is right. */
  toBase(rows: Data): Promise<Matrix>
  /**
   * n rows in the data's units, as records of the event's columns; categories by their names.
   *
   * @example await model.sample<{ wind: number; station: string }>(100)
   */
  sample<R extends SampledRow = NumberRow>(n: number, options?: SampleOptions): Promise<ReadonlyArray<R>>
  /** The same draws as one matrix a chunk; a category is its number, or its place in the schema's list where it has none. */
  sampleChunks(n: number, options?: SampleOptions): AsyncIterable<Matrix>
  /** Log-densities a chunk at a time, in the order of the rows. */
  logProbChunks(rows: Data): AsyncIterable<Float64Array>
  /** Log-densities with their standard errors, a chunk at a time: 0 where nothing had to be drawn. */
  scoreChunks(rows: Data): AsyncIterable<RowScores>
  /**
   * The density of one column given all the others, for each row: [rows, grid]. Of numbers it integrates to 1 over the grid, of categories
   * (their own grid) and whole numbers it sums to 1.
   *
   * @example const { density } = await model.posterior(galaxies, 'redshift', Array.from({ length: 100 }, (_, i) => i / 50))
   */
  posterior(rows: Data, column: string, grid?: ArrayLike<number>): Promise<Posterior>
  /** The model at fixed values of its conditioning columns; shares the parameters. */
  given(values: GivenValues): Model
  /** The bytes of the model file. */
  encode(): Uint8Array
  /** Writes the model file: to a temporary name, synced, then renamed. */
  save(path: string): Promise<void>
  dispose(): void
}
