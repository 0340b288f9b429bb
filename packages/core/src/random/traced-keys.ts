import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { TensorData, TensorType } from '../ops/op.ts'
import type { Shape } from '../contracts.ts'
import { threefry2x32, threefryWords } from './threefry.ts'

/** The words of a key that is a tensor. */
export const wordsOf = (data: TensorData | undefined): Uint32Array => Uint32Array.from(data!)

/** The type of a result. */
export const typed =
  (dtype: TensorType['dtype']) =>
  (shape: Shape): ReadonlyArray<TensorType> => [{ shape, dtype }]

const int32 = typed('int32')

/** int32 [count, 2]: the keys of a split. */
export const threefrySplit: OpFunction<{ readonly count: number }> = defineOp({
  name: 'threefrySplit',
  host: ([key], { count }) => [Int32Array.from(threefry2x32(wordsOf(key), 0, count))],
  shape: (_, { count }) => int32([count, 2]),
})

/** int32 [2]: the key of a key and a number in [0, 2^32). */
export const threefryFoldIn: OpFunction<{ readonly data: number }> = defineOp({
  name: 'threefryFoldIn',
  host: ([key], { data }) => [Int32Array.from(threefry2x32(wordsOf(key), data, 1))],
  shape: () => int32([2]),
})

/** int32 [count]: random words. */
export const threefryBits: OpFunction<{ readonly count: number }> = defineOp({
  name: 'threefryBits',
  host: ([key], { count }) => [Int32Array.from(threefryWords(wordsOf(key), count))],
  shape: (_, { count }) => int32([count]),
})
