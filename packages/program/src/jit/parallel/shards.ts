import { foldIn, isBranch, mapTree, showPath } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import { Tensor } from '@tensorflow/tfjs-core'
import type { DType, Type } from '../../program.ts'
import type { Data } from '../../values.ts'
import type { ProgramInput } from '../compiler.ts'

/** A part of the rows. */
export interface Shard {
  readonly begin: number
  readonly rows: number
}

/**
 * `rows` rows in at most `workers` shards of sizes that differ by one at most, the larger ones first; one empty shard where there is no row.
 * Without rows, where nothing is sharded, each worker has a shard of the whole.
 */
export const shardsOf = (rows: number | undefined, workers: number): ReadonlyArray<Shard> => {
  if (rows === undefined) return Array.from({ length: workers }, () => ({ begin: 0, rows: 0 }))
  const count = Math.max(1, Math.min(rows, workers))
  const [size, larger] = [Math.floor(rows / count), rows % count]
  return Array.from({ length: count }, (_, i) => ({ begin: i * size + Math.min(i, larger), rows: size + (i < larger ? 1 : 0) }))
}

/** What each shard counts in a mean: its part of the rows. */
export const weightsOf = (shards: ReadonlyArray<Shard>): ReadonlyArray<number> => {
  const rows = shards.reduce((n, shard) => n + shard.rows, 0)
  return shards.map(shard => (rows === 0 ? 1 / shards.length : shard.rows / rows))
}

/**
 * How many rows the sharded arguments have, or undefined where none is sharded.
 *
 * @throws TypeError when a leaf of them is no tensor with rows
 * @throws RangeError when they differ
 */
export const rowsOf = (args: ReadonlyArray<unknown>, sharded: ReadonlyArray<number>): number | undefined => {
  const first: { rows?: number; place?: string } = {}
  for (const i of sharded)
    mapTree<unknown, void>((leaf, path) => {
      const place = `arg${i}${placeOf(path)}`
      if (!(leaf instanceof Tensor) || leaf.rank === 0)
        throw new TypeError(`parallel: expected tensors with rows in what is sharded, got ${described(leaf)} at ${place}`)
      const [rows] = leaf.shape
      if (first.rows !== undefined && rows !== first.rows)
        throw new RangeError(`parallel: expected ${first.rows} rows, as ${first.place} has, got ${rows} at ${place}`)
      if (first.rows === undefined) Object.assign(first, { rows, place })
    }, args[i] as Tree<unknown>)
  return first.rows
}

const placeOf = (path: Path): string => (path.length === 0 ? '' : showPath(path).replace(/^(?!\[)/, '.'))

const described = (leaf: unknown): string => {
  if (leaf instanceof Tensor) return 'a scalar'
  if (leaf instanceof Uint32Array) return 'a key'
  return leaf === null || leaf === undefined ? String(leaf) : `a ${typeof leaf}`
}

/** A shard runs in parts of at most so many rows: what a layer leaves for its gradient then stays in the caches of a core. */
const rowsInCaches = 512

/** How many parts of equal size a shard runs in: as few as the caches want, or one where its rows do not divide so. */
export const partsOf = (rows: number): number => {
  const fewest = Math.ceil(rows / rowsInCaches)
  const counts = Array.from({ length: fewest }, (_, i) => fewest + i)
  return counts.find(count => rows % count === 0) ?? 1
}

/** The arguments of a shard, what is sharded as types. */
export const typesOfShard = (args: ReadonlyArray<unknown>, sharded: ReadonlyArray<number>, rows: number): ReadonlyArray<unknown> =>
  args.map((arg, i) =>
    sharded.includes(i)
      ? mapTree<unknown, Type>(leaf => {
          const { shape, dtype } = leaf as Tensor // rowsOf has looked
          return { shape: [rows, ...shape.slice(1)], dtype: dtype as DType }
        }, arg as Tree<unknown>)
      : arg,
  )

/** A leaf of the arguments, as numbers. */
export interface Numbers {
  readonly data: Data
  readonly kind: 'sharded' | 'key' | 'whole'
}

/**
 * The numbers of all arguments that are not static, in the order of a program's inputs. They are read at once: tensors may be disposed after.
 * `view` gives those of a tensor where they lie. They are written over those of an earlier call of the same shapes, where there are some.
 */
export const numbersOf = (
  args: ReadonlyArray<unknown>,
  leaves: ReadonlyArray<ProgramInput>,
  isStatic: ReadonlyArray<boolean>,
  sharded: ReadonlyArray<number>,
  view: (tensor: Tensor) => Data,
  earlier: ReadonlyArray<Numbers> | undefined,
): ReadonlyArray<Numbers> => {
  const isSharded = shardedLeaves(args, isStatic, sharded)
  return leaves.map((leaf, i) => {
    if (typeof leaf === 'number') return { data: Float32Array.of(leaf), kind: 'whole' }
    if (leaf instanceof Uint32Array) return { data: Int32Array.from(leaf), kind: 'key' }
    return { data: copied(view(leaf), earlier?.[i]?.data), kind: isSharded[i] ? 'sharded' : 'whole' }
  })
}

const copied = (numbers: Data, to: Data | undefined): Data => {
  if (to === undefined) return numbers.slice()
  to.set(numbers)
  return to
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const

/** The numbers of a tensor by tfjs. Its cpu backend may hold other arrays than the dtype says. */
export const dataOf = (tensor: Tensor): Data => {
  const data = tensor.dataSync()
  const array = arrays[tensor.dtype as DType]
  return data instanceof array ? data : array.from(data as ArrayLike<number>)
}

/** Of each leaf of the arguments that are not static, in the order of a program's inputs, whether it is dealt out. */
export const shardedLeaves = (
  args: ReadonlyArray<unknown>,
  isStatic: ReadonlyArray<boolean>,
  sharded: ReadonlyArray<number>,
): ReadonlyArray<boolean> => args.flatMap((arg, i) => (isStatic[i] ? [] : new Array<boolean>(leafCount(arg)).fill(sharded.includes(i))))

const leafCount = (arg: unknown): number =>
  isBranch(arg) ? Object.values(arg as object).reduce((n: number, child) => n + leafCount(child), 0) : 1

/** The inputs of shard i. With more than one, keys are `foldIn(key, i)`. */
export const inputsOf = (numbers: ReadonlyArray<Numbers>, shards: ReadonlyArray<Shard>, i: number): ReadonlyArray<Data> => {
  const total = shards.reduce((n, { rows }) => n + rows, 0)
  const { begin, rows } = shards[i]!
  return numbers.map(({ data, kind }) => {
    if (kind === 'key') return shards.length === 1 ? data : Int32Array.from(foldIn(Uint32Array.from(data), i))
    if (kind === 'whole' || total === 0) return data
    const size = data.length / total
    return data.subarray(begin * size, (begin + rows) * size)
  })
}
