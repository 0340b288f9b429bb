import type { Shape } from '@diffeo/core'
import type { DType, Type } from './program.ts'

/** The number of values of a shape. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, size) => n * size, 1)

/** Whether two shapes (or lists of axes) are the same. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i])

/** How far apart neighbours along each axis lie, row-major. */
export const stridesOf = (shape: Shape): ReadonlyArray<number> => {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]!
  }
  return strides
}

/** The whole numbers below n. */
export const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

const short: Readonly<Record<DType, string>> = { float32: 'f32', int32: 'i32', bool: 'bool' }

/** `f32[512,64]`. */
export const showType = ({ shape, dtype }: Type): string => `${short[dtype]}[${shape.join(',')}]`
