import type { Expr } from '../asm/code.ts'
import { i32 } from '../asm/scalar.ts'
import { least } from '../kernels/parts.ts'

/** The order of the degrees of core's `made`: its widths, and how units of one degree lie in a layer. */
export interface MadeStructure {
  readonly dim: number
  readonly hidden: ReadonlyArray<number>
  readonly degrees: 'sorted' | 'cyclic'
  readonly activation: string
  /** Each layer after the first is a residual block of two. */
  readonly residual: boolean
  /** With a context there are units of degree 0. */
  readonly context: 'none' | 'one row' | 'rows'
}

/** The least degree of a hidden unit, and the number of degrees. */
export const levelsOf = ({ dim, context }: MadeStructure): { readonly least: number; readonly levels: number } => {
  const lowest = context === 'none' ? 1 : 0
  return { least: lowest, levels: dim - lowest }
}

/** How many of `width` units have one of the first `count` degrees; 0 degrees have none. */
export const unitsUpTo = (made: MadeStructure, width: number, count: Expr<'i32'>): Expr<'i32'> => {
  const { levels } = levelsOf(made)
  if (made.degrees === 'sorted') return i32.divU(i32.add(i32.mul(count, width), levels - 1), levels)
  return i32.add(i32.mul(count, Math.floor(width / levels)), least(count, width % levels))
}

/** A linear map of the network: sizes, and whether each side is a layer of hidden units, which are worked off by degree. */
export interface LayerStructure {
  readonly input: number
  readonly output: number
  readonly inputIsHidden: boolean
  readonly outputIsHidden: boolean
}

/** The linear maps in their order in the parameters: the first, the hidden ones (two for each residual block), the last. */
export const layersOf = ({ dim, hidden, residual }: MadeStructure, size: number): ReadonlyArray<LayerStructure> => [
  { input: dim, output: hidden[0]!, inputIsHidden: false, outputIsHidden: true },
  ...hidden.slice(1).flatMap((output, i) => {
    const layer = { inputIsHidden: true, outputIsHidden: true }
    const first = { ...layer, input: hidden[i]!, output }
    return residual ? [first, { ...layer, input: output, output }] : [first]
  }),
  { input: hidden.at(-1)!, output: dim * size, inputIsHidden: true, outputIsHidden: false },
]
