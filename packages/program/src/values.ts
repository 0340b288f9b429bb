import { once } from './once.ts'
import type { Constant, Program, Type } from './program.ts'
import { sizeOf } from './shape.ts'

/** The numbers of a value: float32, int32, or bool as 0 and 1. */
export type Data = Float32Array | Int32Array | Uint8Array

/** The types of all values of a program, by their numbers. */
export const typesOf: (program: Program) => ReadonlyArray<Type> = once(({ inputs, constants, nodes }) => [
  ...inputs,
  ...constants,
  ...nodes.flatMap(node => node.outputs),
])

/** Zeros of a type, or one repeated number. */
export const filled = ({ shape, dtype }: Type, value = 0): Data => {
  const size = sizeOf(shape)
  const data = dtype === 'float32' ? new Float32Array(size) : dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size)
  return value === 0 && !Object.is(value, -0) ? data : data.fill(value)
}

/** The numbers of a constant, one by one. */
export const dataOf = (constant: Constant): Data => ('data' in constant ? constant.data : filled(constant, constant.fill))

/** A constant of these numbers, as a `fill` where they are all the same. The numbers are copied. */
export const constantOf = ({ shape, dtype }: Type, data: Data): Constant => {
  const repeated = uniform(data)
  return repeated === undefined ? { shape: [...shape], dtype, data: data.slice() } : { shape: [...shape], dtype, fill: repeated }
}

/** The number that an array repeats, if it does; 0 for an empty one. */
const uniform = (data: Data): number | undefined => {
  if (data.length === 0) return 0
  const first = data[0]!
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined
  return first
}
