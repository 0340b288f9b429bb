import type { Data, Value } from '@diffeo/program'
import type { MatmulMask } from '../kernels/matmul-mask.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'

/** A constant matrix of zeros and ones, as a mask of what a product reads or gives. */
export interface Mask {
  readonly overB: MatmulMask
  readonly overTransposedB: MatmulMask
  readonly overC: MatmulMask
}

const masks = new WeakMap<Data, Mask | null>()

/** The mask that a value is, if it is a constant matrix of zeros and ones. */
export const maskAt = ({ program }: Context, value: Value): Mask | undefined => {
  const constant = constantAt(program, value)
  if (constant === undefined || !('data' in constant) || constant.dtype !== 'float32' || constant.shape.length !== 2) return undefined
  const { data } = constant
  const known = masks.get(data)
  if (known !== undefined) return known ?? undefined
  const isMask = data.every(x => x === 0 || x === 1)
  const mask = isMask ? maskOfData(data, constant.shape[0]!, constant.shape[1]!) : null
  masks.set(data, mask)
  return mask ?? undefined
}

const maskOfData = (values: Data, rows: number, columns: number): Mask => {
  const turned = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]!
  return {
    overB: { over: 'b', rows, columns, values },
    overTransposedB: { over: 'b', rows: columns, columns: rows, values: turned },
    overC: { over: 'c', rows, columns, values },
  }
}

/** The mask that a value was multiplied with, if it was. */
export const maskOf = (context: Context, value: Value): Mask | undefined => {
  const { program, uses } = context
  const maker = uses.maker[value]
  const node = maker === undefined ? undefined : program.nodes[maker]!
  if (node?.op !== 'mul') return undefined
  return maskAt(context, node.inputs[1]!) ?? maskAt(context, node.inputs[0]!)
}
