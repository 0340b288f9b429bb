import { type Key, permutation } from '@diffeo/core'
import { type Matrix, selectRows } from './matrix.ts'

/** The rows themselves where they are no more than `limit`, otherwise `limit` of them, drawn without replacement by the key. */
export const subsample = (key: Key, rows: Matrix, limit: number): Matrix =>
  rows.rows <= limit ? rows : selectRows(rows, permutation(key, rows.rows).subarray(0, limit))
