import { foldIn, key, uniformArray } from '@diffeo/core'
import type { ColumnSchema } from '../data/schema.ts'

/** How many draws of noise a row with whole numbers is scored with. */
export const noiseDraws = 32

/** A seed of their own for draws that scoring makes: the same rows get the same scores. */
const scoring = foldIn(key(0), 2_000_003)

/** Uniform numbers of [0, 1) for a row of the table (from 1) that a score draws: `count` of them, the same in every run. */
export const rowNoise = (row: number, count: number): Float32Array => uniformArray(foldIn(scoring, row), count)

/** The places of the columns of whole numbers. */
export const wholeColumns = (columns: ReadonlyArray<ColumnSchema>): ReadonlyArray<number> =>
  columns.flatMap(({ kind }, j) => (kind?._tag === 'integer' ? [j] : []))
