import { activations } from './activation.ts'
import { autoregressivePlan } from './autoregressive.ts'
import type { CustomType, Emitter } from './custom.ts'
import { layersOf } from './made-structure.ts'
import type { MadeStructure } from './made-structure.ts'
import { scalarTransformerOf } from './scalar-transformer.ts'
import type { Direction } from './spline.ts'

/** The attributes of core's ops `autoregressiveForward` and `autoregressiveInverse`. */
interface Attributes {
  readonly hidden: ReadonlyArray<number>
  readonly degrees: 'sorted' | 'cyclic'
  readonly activation: string
  readonly residual: boolean
  readonly context: boolean
  readonly transformer: unknown
}

const isShape = (type: CustomType | undefined, ...shape: ReadonlyArray<number>): boolean => type?.shape.join() === shape.join()

/** Emitter of (x or y, [context,] w, b, ...) to (y or x, logDet). */
export const autoregressiveEmitter =
  (direction: Direction): Emitter =>
  (ar, { attrs, inputs }) => {
    const { hidden, degrees, activation, residual, context, transformer } = attrs as Attributes
    const scalar = scalarTransformerOf(transformer)
    const [rows, dim] = inputs[0]!.shape as readonly [number, number]
    if (scalar === undefined || !Object.hasOwn(activations, activation) || dim < 2) return undefined
    const share = context ? inputs[1] : undefined
    const made: MadeStructure = {
      dim,
      hidden,
      degrees,
      activation,
      residual,
      context: share === undefined ? 'none' : share.shape[0] === 1 ? 'one row' : 'rows',
    }
    const layers = layersOf(made, scalar.size)
    const parameters = inputs.slice(context ? 2 : 1)
    const fits =
      (share === undefined || isShape(share, 1, hidden[0]!) || isShape(share, rows, hidden[0]!)) &&
      parameters.length === 2 * layers.length &&
      layers.every(({ input, output }, l) => isShape(parameters[2 * l], input, output) && isShape(parameters[2 * l + 1], output))
    if (!fits) return undefined
    const { kernel, scratch } = autoregressivePlan(ar, made, scalar, direction)
    return { kernel, scratch, arguments: at => [...at.inputs, ...at.outputs, at.scratch, rows] }
  }
