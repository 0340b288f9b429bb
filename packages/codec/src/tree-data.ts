import { tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { entries, isBranch, mapTree, showPath, tidy, unflatten } from '@diffeo/core'
import type { Params, Path, Tree } from '@diffeo/core'
import { printable } from './printable.ts'
import type { TensorData, TensorDType } from './tensor-data.ts'

/**
 * A parameter tree on the host: its lists and records, with `null` in the place of each leaf, and the leaves in order. (A tree
 * with `TensorData` in its leaves would not do: a plain object in a tree is a branch.)
 */
export type TreeData = { readonly structure: Tree<null>; readonly leaves: ReadonlyArray<TensorData> }

/** How deep a tree may be, and how many lists, records and leaves it may have. */
export const treeLimits: { readonly depth: number; readonly nodes: number } = { depth: 64, nodes: 100_000 }

/**
 * What is wrong with a record's key as a name in a parameter tree; undefined when nothing is. Names are printable, 1 to 256
 * characters long, and none of those that lead to an object's prototype.
 */
export const nameFault = (name: string): string | undefined => {
  if (reserved.has(name)) return `a name other than ${[...reserved].join(', ')}`
  if (name.length === 0 || name.length > 256) return 'a name of 1 to 256 characters'
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) ? 'a name of printable characters' : undefined
}

const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Copies the values of a tree of tensors to the host.
 *
 * @throws TypeError naming the path of what is no live float32, int32 or bool tensor, of a name that may not be, or of what is
 *   deeper than 64 levels (a cycle is)
 */
export const toHost = (params: Params): TreeData => {
  checkTree(params, [], { nodes: 0 })
  return { structure: mapTree(() => null, params), leaves: entries(params).map(([path, leaf]) => readTensor(leaf, path)) }
}

/** The tensors of a tree on the host: one for each leaf, a copy of its values. The caller disposes of them. */
export const toTensors = ({ structure, leaves }: TreeData): Params => tidy(() => unflatten(structure, leaves.map(makeTensor)))

const checkTree = (tree: Tree<Tensor>, path: Path, count: { nodes: number }): void => {
  if (++count.nodes > treeLimits.nodes) throw fault(path, `at most ${treeLimits.nodes} nodes`, 'more')
  if (!isBranch(tree)) return
  if (path.length >= treeLimits.depth) throw fault(path, `at most ${treeLimits.depth} levels`, 'more; does the tree hold itself?')
  if (Array.isArray(tree)) return tree.forEach((child: Tree<Tensor>, i) => checkTree(child, [...path, i], count))
  Object.entries(tree).forEach(([name, child]) => {
    const expected = nameFault(name)
    if (expected !== undefined) throw fault([...path, printable(name)], expected, `'${printable(name)}'`)
    checkTree(child, [...path, name], count)
  })
}

const readTensor = (leaf: Tensor, path: Path): TensorData => {
  if (typeof (leaf as Partial<Tensor> | null | undefined)?.dataSync !== 'function')
    throw fault(path, 'a tensor', leaf === null ? 'null' : typeof leaf)
  if (leaf.isDisposed) throw fault(path, 'a live tensor', 'one that was disposed of')
  const shape = [...leaf.shape]
  switch (leaf.dtype) {
    case 'float32':
      return { dtype: 'f32', shape, data: leaf.dataSync<'float32'>().slice() }
    case 'int32':
      return { dtype: 'i32', shape, data: leaf.dataSync<'int32'>().slice() }
    case 'bool':
      return { dtype: 'bool', shape, data: leaf.dataSync<'bool'>().slice() }
    default:
      throw fault(path, 'a float32, int32 or bool tensor', leaf.dtype)
  }
}

const makeTensor = ({ dtype, shape, data }: TensorData): Tensor => {
  const name = tfjsName(dtype)
  if (name === undefined || data instanceof BigInt64Array || data instanceof Float64Array)
    throw new TypeError(`toTensors: expected f32, i32 or bool, got ${dtype}`)
  return tensor(data.slice(), [...shape], name)
}

const tfjsName = (dtype: string): 'float32' | 'int32' | 'bool' | undefined => tfjsNames.get(dtype)
const tfjsNames: ReadonlyMap<string, 'float32' | 'int32' | 'bool'> = new Map<TensorDType, 'float32' | 'int32' | 'bool'>([
  ['f32', 'float32'],
  ['i32', 'int32'],
  ['bool', 'bool'],
])

const fault = (path: Path, expected: string, actual: string): TypeError =>
  new TypeError(`toHost: expected ${expected}, got ${actual} at ${showPath(path)}`)
