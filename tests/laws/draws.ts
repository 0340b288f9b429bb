import { foldIn, key, leaves, mapTree, normal, tidy } from '@diffeo/core'
import type { Context, Params, ScalarSupport, Shape, Space, Tree } from '@diffeo/core'
import {
  add,
  clipByValue,
  cumsum,
  div,
  eye,
  exp,
  floor,
  matMul,
  mul,
  norm,
  reshape,
  sigmoid,
  slice,
  softmax,
  stack,
  tensor,
  transpose,
  unstack,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

const eps32 = 2 ** -23
export const machineEpsilon: number = eps32

/** Values of a tensor, row-major. */
export const values = (x: Tensor): Float32Array => x.dataSync<'float32'>()

export const sizeOf = (shape: Shape): number => shape.reduce((n, size) => n * size, 1)

/** The rows of a batch, each flattened. */
export const rowsOf = (x: Tensor): ReadonlyArray<Float32Array> => {
  const width = sizeOf(x.shape.slice(1))
  const all = values(x)
  return Array.from({ length: x.shape[0]! }, (_, i) => all.subarray(i * width, (i + 1) * width))
}

/** Normal numbers of a shape times `spread`. */
export const drawn = (shape: Shape, seed: number, spread = 1): Tensor => tidy(() => mul(normal(key(seed), shape), spread))

/** Normal numbers of standard deviation 1.5, mapped into a support of single values. */
const scalarIn = (support: ScalarSupport, x: Tensor): Tensor => {
  switch (support._tag) {
    case 'real':
      return x
    case 'positive':
      return exp(x)
    case 'interval':
      if (support.high === Infinity) return add(support.low, exp(x))
      return add(support.low, mul(support.high - support.low, sigmoid(x)))
    case 'circle':
      return mul(2 * Math.PI, add(sigmoid(x), -0.5))
    case 'categories':
      return clipByValue(floor(mul(support.count, sigmoid(x))), 0, support.count - 1)
    default:
      return support satisfies never
  }
}

const onUnitRows = (x: Tensor): Tensor => div(x, norm(x, 2, -1, true))

/** n keyed points of a space, away from its edges. */
export const pointsIn = ({ shape, support }: Space, n: number, seed: number): Tensor =>
  tidy(() => {
    const x = drawn([n, ...shape], seed, 1.5)
    if (n === 0) return x
    switch (support._tag) {
      case 'each':
        return stack(
          unstack(x, 1).map((column, i) => scalarIn(support.dimensions[i]!, column)),
          1,
        )
      case 'simplex':
        return softmax(x)
      case 'ordered':
        return cumsum(exp(x), x.rank - 1)
      case 'sphere':
        return onUnitRows(x)
      case 'positiveDefinite':
        return add(matMul(x, transpose(x, [0, 2, 1])), eye(shape.at(-1)!))
      case 'correlationCholesky':
        return correlationCholesky(x)
      default:
        return scalarIn(support, x)
    }
  })

/** Lower triangles with a positive diagonal, their rows of length 1. */
const correlationCholesky = (x: Tensor): Tensor => {
  const size = x.shape.at(-1)!
  const lower = tensor(
    Float32Array.from({ length: size * size }, (_, i) => (i % size < Math.floor(i / size) ? 1 : 0)),
    [size, size],
  )
  return onUnitRows(add(mul(x, lower), mul(exp(mul(x, 0.3)), eye(size))))
}

/** A tree of parameters moved by normal noise, a key for each leaf: at the identity a wrong sign hides. */
export const perturbed = (params: Params, seed: number, spread: number): Params => {
  const root = key(seed)
  const order = leaves(params)
  return mapTree(leaf => tidy(() => add(leaf, mul(normal(foldIn(root, order.indexOf(leaf)), leaf.shape), spread))), params)
}

const isShape = (shape: Tree<Shape>): shape is Shape => Array.isArray(shape) && shape.every(size => typeof size === 'number')

/** A context of n normal rows for a tree of shapes. */
export const contextLike = (shape: Tree<Shape>, n: number, seed: number, spread = 1): Context => {
  if (isShape(shape)) return drawn([n, ...shape], seed, spread)
  if (Array.isArray(shape)) return shape.map((s: Tree<Shape>, i) => contextLike(s, n, seed + 1000 * (i + 1), spread))
  return Object.fromEntries(Object.entries(shape).map(([k, s], i) => [k, contextLike(s as Tree<Shape>, n, seed + 1000 * (i + 1), spread)]))
}

/** A tensor of the same shape whose values are computed from their own and their index. */
export const edited = (x: Tensor, f: (value: number, index: number) => number): Tensor => tensor(Float32Array.from(values(x), f), x.shape)

/** Row i of a batch, as a batch of one. */
export const rowAt = (x: Tensor, i: number): Tensor => slice(x, [i, ...x.shape.slice(1).map(() => 0)], [1, ...x.shape.slice(1)])

/** [N, ...event] as [N, D]. */
export const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))])

/** The bits of a tensor's values, to compare exactly: NaN equals NaN, 0 differs from -0. */
export const bitsOf = (x: Tensor): Uint32Array => {
  const copy = Float32Array.from(values(x))
  return new Uint32Array(copy.buffer)
}

export const assert = (holds: boolean, message: () => string): void => {
  if (!holds) throw new Error(message())
}
