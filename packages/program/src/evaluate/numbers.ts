import type { Type } from '../program.ts'
import { sizeOf } from '../shape.ts'

/** The numbers of a value while a program is evaluated; float32 values stand in float64 where they are not rounded. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array

/** How float32 values are kept between primitives. */
export type Precision = 'float32' | 'float64'

/** Zeros of a type. */
export const zeros = ({ shape, dtype }: Type, precision: Precision): Numbers => {
  const size = sizeOf(shape)
  if (dtype === 'int32') return new Int32Array(size)
  if (dtype === 'bool') return new Uint8Array(size)
  return precision === 'float64' ? new Float64Array(size) : new Float32Array(size)
}
