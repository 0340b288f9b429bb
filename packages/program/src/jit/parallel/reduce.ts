import { paths, showPath } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import type { Type, Value } from '../../program.ts'
import type { Data } from '../../values.ts'

/** How the results of shards become one: their mean, weighted by rows, their sum, or one after the other along the first axis. */
export type Reduce = 'mean' | 'sum' | 'concat'

/** The leaves of what a function gave for a shard. */
export interface Results {
  readonly types: ReadonlyArray<Type>
  readonly data: ReadonlyArray<Data>
  /** To be called once they have been read. */
  readonly release: () => void
}

const fits: { readonly [reduce in Reduce]: (type: Type) => boolean } = {
  mean: ({ dtype }) => dtype === 'float32',
  sum: ({ dtype }) => dtype !== 'bool',
  concat: ({ shape }) => shape.length > 0,
}
const wanted: { readonly [reduce in Reduce]: string } = { mean: 'float32', sum: 'float32 or int32', concat: 'rows' }

/** @throws TypeError when a result cannot be reduced so */
export const checkReducible = (reduce: Reduce, outputs: Tree<Value>, types: ReadonlyArray<Type>): void => {
  const wrong = types.findIndex(type => !fits[reduce](type))
  if (wrong < 0) return
  const { dtype, shape } = types[wrong]!
  const place = showPath(paths(outputs)[wrong]!)
  throw new TypeError(
    `parallel: expected results of ${wanted[reduce]} for the ${reduce}, got ${dtype} [${shape.join(', ')}] at ${place}; choose another reduce`,
  )
}

/** A leaf of the results of the whole: `write` puts its numbers where they are wanted. */
export interface Reduced {
  readonly type: Type
  readonly write: (to: Data) => void
}

/**
 * The results of shards as those of the whole, in the order of the shards: sums are taken in float64 and rounded once. One shard is
 * its own result.
 */
export const reduced = (reduce: Reduce, shards: ReadonlyArray<Results>, weights: ReadonlyArray<number>): ReadonlyArray<Reduced> => {
  const [first] = shards
  const factors = reduce === 'mean' ? weights : weights.map(() => 1)
  return first!.types.map((type, j) => {
    const parts = shards.map(({ data }) => data[j]!)
    if (parts.length === 1) return { type, write: to => to.set(parts[0]!) }
    if (reduce === 'concat')
      return concatenated(
        shards.map(({ types }) => types[j]!),
        parts,
      )
    return { type, write: to => (parts.length === 2 ? addPair(to, parts, factors) : to.set(sumOf(parts, factors))) }
  })
}

/** The sum of two in one pass, four at a time: two thirds of the time of one at a time. */
const addPair = (to: Data, parts: ReadonlyArray<Data>, factors: ReadonlyArray<number>): void => {
  const [a, b] = [parts[0]!, parts[1]!]
  const [p, q] = [factors[0]!, factors[1]!]
  const whole = to.length - (to.length % 4)
  for (let i = 0; i < whole; i += 4) {
    to[i] = p * a[i]! + q * b[i]!
    to[i + 1] = p * a[i + 1]! + q * b[i + 1]!
    to[i + 2] = p * a[i + 2]! + q * b[i + 2]!
    to[i + 3] = p * a[i + 3]! + q * b[i + 3]!
  }
  for (let i = whole; i < to.length; i++) to[i] = p * a[i]! + q * b[i]!
}

const sumOf = (parts: ReadonlyArray<Data>, factors: ReadonlyArray<number>): Float64Array => {
  const sum = new Float64Array(parts[0]!.length)
  parts.forEach((part, k) => {
    const factor = factors[k]!
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * part[i]!
  })
  return sum
}

const concatenated = (types: ReadonlyArray<Type>, parts: ReadonlyArray<Data>): Reduced => {
  const { shape, dtype } = types[0]!
  const rows = types.reduce((n, type) => n + type.shape[0]!, 0)
  const write = (to: Data): void => {
    let at = 0
    for (const part of parts) {
      to.set(part, at)
      at += part.length
    }
  }
  return { type: { shape: [rows, ...shape.slice(1)], dtype }, write }
}
