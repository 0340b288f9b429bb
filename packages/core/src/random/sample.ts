import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '../contracts.ts'
import { normalArray, randintArray, uniformArray, type Bounds } from './arrays.ts'
import type { Key } from './key.ts'

const sizeOf = (shape: Shape): number => shape.reduce((size, axis) => size * axis, 1)

/** Uniform numbers of [low, high), a float32 tensor of any shape; `uniformArray` in row-major order. */
export const uniform = (source: Key, shape: Shape, bounds: Bounds = {}): Tensor =>
  tf.tensor(uniformArray(source, sizeOf(shape), bounds), [...shape], 'float32')

/** Standard normal numbers, a float32 tensor of any shape; `normalArray` in row-major order. */
export const normal = (source: Key, shape: Shape): Tensor => tf.tensor(normalArray(source, sizeOf(shape)), [...shape], 'float32')

/** Integers of [low, high), an int32 tensor of any shape; `randintArray` in row-major order. */
export const randint = (source: Key, shape: Shape, low: number, high: number): Tensor =>
  tf.tensor(randintArray(source, sizeOf(shape), low, high), [...shape], 'int32')
