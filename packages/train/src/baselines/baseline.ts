import type { Key } from '@diffeo/core'
import type { Matrix } from '../matrix.ts'

/**
 * A density that a user should beat before believing a flow. Rows, densities and samples are in the units of the table that it was
 * fitted to. A conditional one takes `given`: a row for each row, or one for all.
 */
export interface Baseline {
  readonly name: string
  /** What was chosen, for a table of results: '8 components'. */
  readonly detail: string
  /** log p(row), or log p(row | given): nats, [rows]. NaN in a row gives NaN for it. */
  logProb(rows: Matrix, given?: Matrix): Float64Array
  /** n rows, a pure function of the key. */
  sample(key: Key, n: number, given?: Matrix): Matrix
}

/** What a baseline is fitted with: a key for its choices, and, for a conditional one, the columns that are given. */
export interface BaselineOptions {
  readonly key: Key
  readonly given?: { readonly train: Matrix; readonly validation: Matrix } | undefined
}

/** Fits a baseline: parameters on the rows of `train`, whatever has to be chosen on those of `validation`. */
export type FitBaseline = (train: Matrix, validation: Matrix, options: BaselineOptions) => Baseline
