import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Shape } from '../contracts.ts'
import { showShape } from '../support.ts'
import { contextLeaves, shapeLeaves } from '../tensor.ts'
import { entries, firstDifference, showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'

/**
 * Checks a batch against an event shape.
 *
 * @throws RangeError or TypeError naming the function, the shape expected and the one that came
 */
export const checkEvent = (name: string, x: Tensor, shape: Shape): void => {
  const expected = `[N${shape.map(size => `, ${size}`).join('')}]`
  if (x.rank !== shape.length + 1 || shape.some((size, i) => x.shape[i + 1] !== size))
    throw new RangeError(`${name}: expected a tensor of shape ${expected}, got ${showShape(x.shape)}`)
  if (x.dtype !== 'float32') throw new TypeError(`${name}: expected float32 values, got ${x.dtype}`)
}

/**
 * Checks a context against the shapes that a flow was built for: present where it is needed, absent where not, of `rows` rows
 * or one.
 *
 * @throws RangeError or TypeError naming the function and the leaf
 */
export const checkContext = (name: string, shape: Tree<Shape> | undefined, context: Context | undefined, rows: number): void => {
  if (shape === undefined) {
    if (context !== undefined) throw new TypeError(`${name}: expected no context, got one; the flow was built without`)
    return
  }
  const expected = shapeLeaves(shape)
  if (context === undefined)
    throw new TypeError(`${name}: expected ${expected.map(([at, s]) => `${at} ${batchOf(s)}`).join(', ')}, got none; pass it after x`)
  const actual = contextLeaves(context)
  if (actual.length !== expected.length || actual.some(([at], i) => at !== expected[i]![0]))
    throw new TypeError(
      `${name}: expected a context with ${expected.map(([at]) => at).join(', ')}, got ${actual.map(([at]) => at).join(', ')}`,
    )
  actual.forEach(([at, leaf], i) => {
    const [, s] = expected[i]!
    const fits = leaf.rank === s.length + 1 && s.every((size, j) => leaf.shape[j + 1] === size)
    if (!fits) throw new RangeError(`${name}: expected ${at} ${batchOf(s)}, got ${showShape(leaf.shape)}`)
    if (leaf.shape[0] !== rows && leaf.shape[0] !== 1)
      throw new RangeError(`${name}: expected ${at} of ${rows} rows or one, got ${leaf.shape[0]} rows`)
    if (leaf.dtype !== 'float32') throw new TypeError(`${name}: expected ${at} to be float32, got ${leaf.dtype}`)
  })
}

/**
 * Checks that a parameter tree has the structure of the one that `init` makes, and that its tensors are alive.
 *
 * @throws TypeError naming the path
 */
export const checkStructure = (name: string, trainable: Tree<boolean>, params: Tree<Tensor>): void => {
  const difference = firstDifference(trainable, params)
  if (difference)
    throw new TypeError(
      `${name}: expected parameters with ${difference.a}, got ${difference.b} at ${showPath(difference.path)}; make them with init`,
    )
  const dead = entries(params).find(([, leaf]) => leaf.isDisposed)
  if (dead) throw new TypeError(`${name}: expected live parameters, got a disposed tensor at ${showPath(dead[0])}`)
}

/** @throws RangeError when n is not a whole number of rows */
export const checkCount = (name: string, n: number): void => {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`${name}: expected a whole number of rows, got ${n}`)
}

const batchOf = (shape: Shape): string => `[N${shape.map(size => `, ${size}`).join('')}]`
