import { isBranch, showPath } from '@diffeo/core'
import type { Key, Path, Shape, TracedKey, Tree } from '@diffeo/core'
import { Tensor } from '@tensorflow/tfjs-core'
import type { DType, Type } from '../program.ts'

/**
 * What stands for an argument of a function that is traced: trees of tensors, of their shapes and dtypes, of numbers (float32 scalars) and of
 * keys (int32 [2]).
 */
export type Tracers<A> = A extends Key
  ? TracedKey
  : A extends Tree<Tensor>
    ? A
    : A extends number | Type
      ? Tensor
      : A extends ReadonlyArray<unknown> | { readonly [k: string]: unknown }
        ? { [K in keyof A]: Tracers<A[K]> }
        : never

/**
 * The arguments with every leaf replaced by what `leaf` makes of its type and name.
 *
 * @throws TypeError when a leaf is no tensor, type, number or key
 * @throws RangeError when a tensor was disposed
 */
export const mapArguments = (args: ReadonlyArray<unknown>, leaf: (type: Type, name: string) => Tensor): ReadonlyArray<Tensor> =>
  args.map((arg, i) => mapped(arg, `arg${i}`, [], leaf) as Tensor)

const mapped = (arg: unknown, root: string, path: Path, leaf: (type: Type, name: string) => Tensor): unknown => {
  const name = path.length === 0 ? root : `${root}${showPath(path).replace(/^(?!\[)/, '.')}`
  if (isType(arg)) return leaf(arg, name)
  if (isBranch(arg)) {
    const child = (value: unknown, step: string | number): unknown => mapped(value, root, [...path, step], leaf)
    return Array.isArray(arg) ? arg.map(child) : Object.fromEntries(Object.entries(arg).map(([k, value]) => [k, child(value, k)]))
  }
  return leaf(typeOf(arg, name), name)
}

const typeOf = (arg: unknown, name: string): Type => {
  if (typeof arg === 'number') return { shape: [], dtype: 'float32' }
  if (arg instanceof Uint32Array && arg.length === 2) return { shape: [2], dtype: 'int32' }
  if (!(arg instanceof Tensor))
    throw new TypeError(`trace: expected tensors, { shape, dtype }, numbers or keys, got ${described(arg)} at ${name}`)
  if (arg.isDisposed) throw new RangeError(`trace: expected tensors that are alive, got one that was disposed at ${name}`)
  if (!isDType(arg.dtype)) throw new TypeError(`trace: expected float32, int32 or bool tensors, got a ${arg.dtype} one at ${name}`)
  return { shape: arg.shape, dtype: arg.dtype }
}

const isDType = (dtype: unknown): dtype is DType => dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

const isType = (arg: unknown): arg is Type => {
  if (!isBranch(arg) || Array.isArray(arg) || Object.keys(arg).length !== 2) return false
  const { shape, dtype } = arg as { readonly shape?: unknown; readonly dtype?: unknown }
  return isDType(dtype) && isShape(shape)
}

const isShape = (shape: unknown): shape is Shape => Array.isArray(shape) && shape.every(size => Number.isInteger(size) && size >= 0)

const described = (arg: unknown): string => {
  if (arg instanceof Uint32Array) return `${arg.length} words, where a key has 2`
  return arg === null || arg === undefined ? String(arg) : `a ${typeof arg}`
}
