import { Tensor, tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '../contracts.ts'
import { defineOp } from '../ops/define-op.ts'
import { checkBounds, checkRange, normalArray, randintArray, uniformArray, type Bounds } from './arrays.ts'
import { expectDraw, type Key } from './key.ts'
import { typed, wordsOf } from './traced-keys.ts'

const sizeOf = (shape: Shape): number => shape.reduce((size, axis) => size * axis, 1)

/** Uniform numbers of [low, high), a float32 tensor of any shape; `uniformArray` in row-major order. */
export const uniform = (source: Key | Tensor, shape: Shape, { low = 0, high = 1 }: Bounds = {}): Tensor => {
  expectDraw('uniform', source, sizeOf(shape))
  checkBounds(low, high)
  return source instanceof Tensor
    ? tracedUniform([source], { shape: [...shape], low: low + 0, high: high + 0 })[0]!
    : tensor(uniformArray(source, sizeOf(shape), { low, high }), [...shape], 'float32')
}

/** Standard normal numbers, a float32 tensor of any shape; `normalArray` in row-major order. */
export const normal = (source: Key | Tensor, shape: Shape): Tensor => {
  expectDraw('normal', source, sizeOf(shape))
  return source instanceof Tensor
    ? tracedNormal([source], { shape: [...shape] })[0]!
    : tensor(normalArray(source, sizeOf(shape)), [...shape], 'float32')
}

/** Integers of [low, high), an int32 tensor of any shape; `randintArray` in row-major order. */
export const randint = (source: Key | Tensor, shape: Shape, low: number, high: number): Tensor => {
  expectDraw('randint', source, sizeOf(shape))
  checkRange(low, high)
  return source instanceof Tensor
    ? tracedRandint([source], { shape: [...shape], low: low + 0, high: high + 0 })[0]!
    : tensor(randintArray(source, sizeOf(shape), low, high), [...shape], 'int32')
}

type Draw = { readonly shape: Shape }
type Between = Draw & { readonly low: number; readonly high: number }

const tracedUniform = defineOp<Between>({
  name: 'uniform',
  host: ([source], { shape, low, high }) => [uniformArray(wordsOf(source), sizeOf(shape), { low, high })],
  shape: (_, { shape }) => typed('float32')(shape),
})

const tracedNormal = defineOp<Draw>({
  name: 'normal',
  host: ([source], { shape }) => [normalArray(wordsOf(source), sizeOf(shape))],
  shape: (_, { shape }) => typed('float32')(shape),
})

const tracedRandint = defineOp<Between>({
  name: 'randint',
  host: ([source], { shape, low, high }) => [randintArray(wordsOf(source), sizeOf(shape), low, high)],
  shape: (_, { shape }) => typed('int32')(shape),
})
