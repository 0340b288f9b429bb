import { foldIn, leaves, mapTree, tidy } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { addN, concat, mul, slice, Tensor } from '@tensorflow/tfjs-core'
import type { DType, Value } from '../../program.ts'
import { eagerly } from '../function.ts'
import type { AnyFunction } from '../function.ts'
import { checkReducible } from './reduce.ts'
import type { Reduce } from './reduce.ts'
import { weightsOf } from './shards.ts'
import type { Shard } from './shards.ts'

/** The shards one after the other with eager ops, where no compiler serves the active backend. */
export const eagerShards = (
  f: AnyFunction,
  args: ReadonlyArray<unknown>,
  shards: ReadonlyArray<Shard>,
  {
    isStatic,
    sharded,
    reduce,
  }: { readonly isStatic: ReadonlyArray<boolean>; readonly sharded: ReadonlyArray<number>; readonly reduce: Reduce },
): Tree<Tensor> => {
  if (shards.length === 1) return eagerly(f, args, isStatic)
  const weights = weightsOf(shards)
  return tidy(() => {
    const results = shards.map((shard, i) =>
      eagerly(
        f,
        args.map((arg, j) => (isStatic[j] ? arg : shardOf(arg, shard, i, sharded.includes(j)))),
        isStatic,
      ),
    )
    const parts = results.map(result => leaves<Tensor>(result))
    const first = results[0]!
    const next = { value: 0 }
    const types = parts[0]!.map(({ shape, dtype }) => ({ shape, dtype: dtype as DType }))
    checkReducible(
      reduce,
      mapTree<Tensor, Value>(() => 0, first),
      types,
    )
    return mapTree<Tensor, Tensor>(() => {
      const j = next.value++
      return combined(
        reduce,
        parts.map(part => part[j]!),
        weights,
      )
    }, first)
  })
}

const shardOf = (arg: unknown, { begin, rows }: Shard, i: number, isSharded: boolean): unknown =>
  mapTree<unknown, unknown>(leaf => {
    if (leaf instanceof Uint32Array) return foldIn(leaf, i)
    if (!isSharded || !(leaf instanceof Tensor)) return leaf
    return slice(leaf, [begin, ...leaf.shape.slice(1).map(() => 0)], [rows, ...leaf.shape.slice(1)])
  }, arg as Tree<unknown>)

const combined = (reduce: Reduce, parts: ReadonlyArray<Tensor>, weights: ReadonlyArray<number>): Tensor => {
  if (reduce === 'concat') return concat([...parts], 0)
  return addN(reduce === 'sum' ? [...parts] : parts.map((part, k) => mul(part, weights[k]!)))
}
