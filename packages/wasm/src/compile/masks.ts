import type { Value } from '@diffeo/program'
import type { MatmulMask } from '../kernels/matmul-mask.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'

/** A constant matrix of zeros and ones. */
export interface Mask {
  readonly constant: Value
  readonly rows: number
  readonly columns: number
  readonly values: ArrayLike<number>
}

/** The mask that a value is, if it is a constant matrix of zeros and ones. */
export const maskAt = ({ program }: Context, value: Value): Mask | undefined => {
  const constant = constantAt(program, value)
  if (constant === undefined || !('data' in constant) || constant.dtype !== 'float32' || constant.shape.length !== 2) return undefined
  const { data } = constant
  for (let i = 0; i < data.length; i++) if (data[i] !== 0 && data[i] !== 1) return undefined
  return { constant: value, rows: constant.shape[0]!, columns: constant.shape[1]!, values: data }
}

/** The mask that a value was multiplied with, if it was. */
export const maskOf = (context: Context, value: Value): Mask | undefined => {
  const { program, uses } = context
  const maker = uses.maker[value]
  const node = maker === undefined ? undefined : program.nodes[maker]!
  if (node?.op !== 'mul') return undefined
  return maskAt(context, node.inputs[1]!) ?? maskAt(context, node.inputs[0]!)
}

/** A mask over op(B), as the product reads it. */
export const overB = ({ rows, columns, values }: Mask, transposed: boolean): MatmulMask => {
  if (!transposed) return { over: 'b', rows, columns, values }
  const turned = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]!
  return { over: 'b', rows: columns, columns: rows, values: turned }
}

/** A mask over the result. */
export const overC = ({ rows, columns, values }: Mask): MatmulMask => ({ over: 'c', rows, columns, values })
