import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Path } from '@diffeo/core'
import { failure } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { describe, describeData } from './printable.ts'

/** What the numbers of each dtype are held in; a bool is a byte, 0 or 1. */
export type Arrays = {
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly bool: Uint8Array
  readonly u8: Uint8Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
}
/** The dtypes of a file, by their safetensors names in lower case. */
export type DType = keyof Arrays

/** A tensor on the host, of whatever dtype a file may hold: its shape and its values in row-major order. */
export type TensorData = {
  readonly [D in DType]: { readonly dtype: D; readonly shape: ReadonlyArray<number>; readonly data: Arrays[D] }
}[DType]

/** The dtypes that tfjs has too: what a parameter tree or an optimizer's state may hold. */
export type TensorDType = 'f32' | 'i32' | 'bool'

/** The most bytes that one file or tree may hold, 2 GiB: a larger shape kills tfjs' WASM backend for the whole process. */
export const byteBudget: number = 2 ** 31

export const bytesPerValue: { readonly [D in DType]: number } = { f32: 4, i32: 4, bool: 1, u8: 1, f64: 8, i64: 8 }

/** How many values a shape has. */
export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

/** `f32[64,12]`, as errors show a tensor. */
export const describeTensor = ({ dtype, shape }: { readonly dtype: string; readonly shape: ReadonlyArray<number> }): string =>
  `${dtype}[${shape.length > 16 ? `${shape.slice(0, 16).join(',')},…` : shape.join(',')}]`

/**
 * A shape from outside: at most 16 sizes, integers from 0 to 2^31 - 1, in all no more bytes than the budget. Sizes of 0 do not
 * excuse the others: their product may still overflow where strides are computed.
 */
export const decodeShape = (u: unknown, dtype: DType, path: Path): Either<DecodeErrors, ReadonlyArray<number>> => {
  if (!Array.isArray(u) || u.length > 16) return failure(path, 'a shape: a list of at most 16 sizes', describeData(u))
  const sizes = u as ReadonlyArray<unknown>
  const wrong = sizes.findIndex(size => !(Number.isInteger(size) && (size as number) >= 0 && (size as number) < 2 ** 31))
  if (wrong >= 0) return failure([...path, wrong], 'an integer from 0 to 2147483647', describe(sizes[wrong]))
  const shape = sizes as ReadonlyArray<number>
  const bytes = shape.reduce((n, size) => n * Math.max(size, 1), bytesPerValue[dtype])
  return bytes <= byteBudget ? E.right(shape) : failure(path, `at most ${byteBudget} bytes`, `[${shape.join(',')}], which is ${bytes}`)
}

/** The bytes of a tensor's values, little-endian (as every browser and every machine that Node supports well keeps them). */
export const bytesOf = ({ data }: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** A tensor made of a copy of these bytes, whose number must be the shape's. */
export const tensorFromBytes = (dtype: DType, shape: ReadonlyArray<number>, bytes: Uint8Array): TensorData => {
  const { buffer } = copied(bytes)
  switch (dtype) {
    case 'f32':
      return { dtype, shape, data: new Float32Array(buffer) }
    case 'i32':
      return { dtype, shape, data: new Int32Array(buffer) }
    case 'bool':
    case 'u8':
      return { dtype, shape, data: new Uint8Array(buffer) }
    case 'f64':
      return { dtype, shape, data: new Float64Array(buffer) }
    case 'i64':
      return { dtype, shape, data: new BigInt64Array(buffer) }
    default:
      return dtype satisfies never
  }
}

/** A copy over a buffer of its own, which starts at 0: a Node Buffer is often a view of a pool that holds others' secrets. */
export const copied = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(bytes.byteLength)
  copy.set(bytes)
  return copy
}

/** The values that no parameter may have: a bool other than 0 and 1, and, unless they are allowed, NaN and the infinities. */
export const checkValues = (tensor: TensorData, path: Path, nonFinite: 'refuse' | 'allow'): Either<DecodeErrors, TensorData> => {
  const { dtype, data } = tensor
  if (dtype === 'bool') {
    const wrong = data.findIndex(value => value > 1)
    return wrong < 0 ? E.right(tensor) : failure([...path, wrong], '0 or 1', String(data[wrong]))
  }
  if ((dtype !== 'f32' && dtype !== 'f64') || nonFinite === 'allow') return E.right(tensor)
  const wrong = data.findIndex(value => !Number.isFinite(value))
  return wrong < 0 ? E.right(tensor) : failure([...path, wrong], 'a finite number', String(data[wrong]))
}
