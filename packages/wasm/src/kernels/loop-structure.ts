import { share } from '../asm/control.ts'
import { i32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { ElementType } from '../runtime/runtime.ts'
import type { Fold } from './accumulate.ts'
import { binaryLanes, castLanes, selectLanes, splatOf, unaryLanes } from './elements.ts'
import type { BinaryOp, Lanes, UnaryOp } from './elements.ts'

/**
 * An array that a loop reads. Along the inner axis it is `contiguous`; `broadcast`: one number; `strided`: any stride; `cyclic`: a
 * period of at least 4 numbers that begins again and again, with its first three repeated behind its end.
 */
export interface LoopInput {
  readonly type: ElementType
  readonly inner: 'contiguous' | 'broadcast' | 'strided' | 'cyclic'
}

/** One value of a loop from earlier ones: the inputs are the values 0, 1, ..., then the steps. `iota` is the index along an axis, int32. */
export type LoopStep =
  | { readonly op: UnaryOp; readonly x: number }
  | { readonly op: BinaryOp; readonly a: number; readonly b: number }
  | { readonly op: 'select'; readonly condition: number; readonly yes: number; readonly no: number }
  | { readonly op: 'cast'; readonly x: number; readonly to: ElementType }
  | { readonly op: 'constant'; readonly type: ElementType; readonly value: number }
  | { readonly op: 'iota'; readonly axis: number }

/** A value that a loop stores: one number at each place, or with a fold one for each run of the axis that is folded. */
export interface LoopOutput {
  readonly value: number
  readonly fold?: Fold
}

/**
 * Elementwise code over up to any number of axes: `axes` of them, the last one the inner axis, in vectors of four. Outputs are contiguous along the
 * inner axis. With `folded: 'inner'` the outputs with a fold lose the inner axis, with `'outer'` the axis before it (the vectors then run
 * along the inner axis still).
 */
export interface LoopStructure {
  readonly axes: number
  readonly inputs: ReadonlyArray<LoopInput>
  readonly steps: ReadonlyArray<LoopStep>
  readonly outputs: ReadonlyArray<LoopOutput>
  readonly folded?: 'inner' | 'outer'
}

/** Whether a vector of it takes so long that two copies of the code, for whole vectors and for the last one, do not pay. */
export const isDear = ({ steps }: LoopStructure): boolean => steps.length > 16 || steps.some(({ op }) => !cheap.includes(op))

const cheap: ReadonlyArray<LoopStep['op']> = [
  ...(['neg', 'abs', 'sqrt', 'square', 'reciprocal', 'floor', 'ceil', 'round', 'relu', 'isNan', 'isFinite', 'not'] as const),
  ...(['add', 'sub', 'mul', 'div', 'max', 'min', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or'] as const),
  ...(['select', 'cast', 'constant', 'iota'] as const),
]

/**
 * The value of each input and step, from the loaded inputs.
 *
 * @throws RangeError when a step reads a later value, or is not defined for its types
 */
export const evaluated = (
  ar: Arithmetic,
  { inputs, steps }: LoopStructure,
  load: (i: number) => Lanes,
  iota: (axis: number) => Vec,
): ReadonlyArray<Lanes> => {
  const values: Lanes[] = inputs.map((_, i) => shared(load(i)))
  const value = (i: number): Lanes => {
    const found = values[i]
    if (found === undefined) throw new RangeError(`loop: expected a value before step ${values.length - inputs.length}, got value ${i}`)
    return found
  }
  for (const step of steps) values.push(shared(stepOf(ar, step, value, iota)))
  return values
}
const shared = ({ type, code }: Lanes): Lanes => ({ type, code: share(code) })

const stepOf = (ar: Arithmetic, step: LoopStep, value: (i: number) => Lanes, iota: (axis: number) => Vec): Lanes => {
  if (step.op === 'constant') return splatOf(step.type, step.value)
  if (step.op === 'iota') return { type: 'int32', code: iota(step.axis) }
  if (step.op === 'select') return selectLanes(value(step.condition), value(step.yes), value(step.no))
  if (step.op === 'cast') return castLanes(value(step.x), step.to)
  return 'x' in step ? unaryLanes(ar, step.op, value(step.x)) : binaryLanes(ar, step.op, value(step.a), value(step.b))
}

/** The element types of the outputs of a loop. */
export const loopOutputTypes = (ar: Arithmetic, structure: LoopStructure): ReadonlyArray<ElementType> => {
  const values = evaluated(
    ar,
    structure,
    i => splatOf(structure.inputs[i]!.type, 0),
    () => i32x4.const(0),
  )
  return structure.outputs.map(({ value }) => values[value]!.type)
}

/** The parameters of a loop kernel, in their order. */
export const parameterNames = ({ axes, inputs, outputs }: LoopStructure): ReadonlyArray<string> => {
  const outerAxes = Array.from({ length: axes - 1 }, (_, axis) => axis)
  return [
    ...inputs.map((_, i) => `in ${i}`),
    ...outputs.map((_, o) => `out ${o}`),
    ...Array.from({ length: axes }, (_, axis) => `size ${axis}`),
    ...inputs.flatMap((_, i) => [...outerAxes, 'inner'].map(axis => `in ${i} stride ${axis}`)),
    ...outputs.flatMap((_, o) => outerAxes.map(axis => `out ${o} stride ${axis}`)),
  ]
}

/** Where the arrays of a loop lie: addresses, and strides in numbers, one for each axis. */
export interface LoopCall<A = number> {
  readonly sizes: ReadonlyArray<number>
  /** The last stride counts where the inner axis is strided; where it is cyclic it is the period. */
  readonly inputs: ReadonlyArray<{ readonly address: A; readonly strides: ReadonlyArray<number> }>
  /** Strides for all axes but the inner one; that of a folded outer axis is not read. */
  readonly outputs: ReadonlyArray<{ readonly address: A; readonly strides: ReadonlyArray<number> }>
}

/**
 * The arguments of a loop kernel.
 *
 * @throws RangeError when there are not as many sizes or strides as axes
 */
export const loopArguments = <A>({ axes }: LoopStructure, { sizes, inputs, outputs }: LoopCall<A>): ReadonlyArray<A | number> => {
  if (
    sizes.length !== axes ||
    inputs.some(({ strides }) => strides.length !== axes) ||
    outputs.some(({ strides }) => strides.length !== axes - 1)
  )
    throw new RangeError(`loop: expected ${axes} sizes, ${axes} strides of each input and ${axes - 1} of each output`)
  return [
    ...inputs.map(({ address }) => address),
    ...outputs.map(({ address }) => address),
    ...sizes,
    ...inputs.flatMap(({ strides }) => strides.map(stride => 4 * stride)),
    ...outputs.flatMap(({ strides }) => strides.map(stride => 4 * stride)),
  ]
}
