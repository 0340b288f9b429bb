import type { Shape } from '@diffeo/core'
import { sizeOf } from '@diffeo/program'
import type { Fold } from '../kernels/accumulate.ts'
import { loopKernel, loopName } from '../kernels/loop.ts'
import { loopArguments, loopOutputTypes } from '../kernels/loop-structure.ts'
import type { LoopInput, LoopOutput, LoopStep, LoopStructure } from '../kernels/loop-structure.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { moved } from './address.ts'
import type { Address } from './address.ts'
import { inOrder } from './call.ts'
import type { Calls } from './call.ts'

/** An array as a loop walks through it: how many numbers it goes on along each axis of the loop. */
export interface Operand {
  readonly address: Address
  readonly type: ElementType
  readonly strides: ReadonlyArray<number>
}

/** An array that a loop writes. With a fold it has one number where `folded` axes run, and stride 0 along them. */
export interface Result {
  readonly address: Address
  readonly value: number
  readonly strides: ReadonlyArray<number>
  readonly fold?: Fold
}

/** Elementwise work over a shape. Values are numbered as in `LoopStructure`: the inputs, then the steps; `iota` counts along an axis of the shape. */
export interface Loop {
  readonly shape: Shape
  readonly inputs: ReadonlyArray<Operand>
  readonly steps: ReadonlyArray<LoopStep>
  readonly outputs: ReadonlyArray<Result>
  readonly folded: ReadonlySet<number>
}

/** One axis of the loops that are run, or several that all arrays pass through as one. */
interface Axis {
  readonly size: number
  readonly folded: boolean
  readonly inputs: ReadonlyArray<number>
  readonly outputs: ReadonlyArray<number>
  readonly counters: ReadonlyArray<number>
}

/**
 * The kernel calls of a loop: axes of one value vanish, axes that lie one after the other in all arrays become one, and folds over axes
 * that are apart go through scratch memory, one axis at a time.
 */
export const loopCalls = (ar: Arithmetic, loop: Loop, scratch: Address): Calls => {
  const counted = loop.steps.flatMap(step => (step.op === 'iota' ? [step.axis] : []))
  const all = loop.shape.map((size, axis): Axis => ({
    size,
    folded: loop.folded.has(axis),
    inputs: loop.inputs.map(({ strides }) => strides[axis]!),
    outputs: loop.outputs.map(({ strides }) => strides[axis]!),
    counters: counted.map(a => (a === axis ? 1 : 0)),
  }))
  const axes = collapsed(all.filter(({ size }) => size !== 1))
  const places = counted.map((_, i) => axes.findIndex(({ counters }) => counters[i] === 1))
  let next = 0
  const steps = loop.steps.map((step): LoopStep => {
    if (step.op !== 'iota') return step
    const axis = places[next++]!
    return axis < 0 ? { op: 'constant', type: 'int32', value: 0 } : { op: 'iota', axis }
  })
  return walked(ar, axes, { ...loop, steps }, scratch)
}

const collapsed = (axes: ReadonlyArray<Axis>): ReadonlyArray<Axis> => {
  const merged: Axis[] = []
  for (const axis of axes) {
    const outer = merged.at(-1)
    if (outer !== undefined && canMerge(outer, axis)) merged[merged.length - 1] = { ...axis, size: outer.size * axis.size }
    else merged.push(axis)
  }
  return merged
}

const canMerge = (outer: Axis, inner: Axis): boolean =>
  outer.folded === inner.folded &&
  (['inputs', 'outputs', 'counters'] as const).every(kind => outer[kind].every((stride, i) => stride === inner[kind][i]! * inner.size))

type Work = Pick<Loop, 'inputs' | 'steps' | 'outputs'>

const walked = (ar: Arithmetic, axes: ReadonlyArray<Axis>, work: Work, scratch: Address): Calls => {
  const folded = axes.flatMap((axis, i) => (axis.folded ? [i] : []))
  if (folded.length === 0) return plainLoop(ar, axes, work)
  const last = axes.length - 1
  if (folded.length === 1)
    return folded[0] === last ? oneFold(ar, axes, work, 'inner') : oneFold(ar, beforeLast(axes, folded[0]!, work), work, 'outer')
  return severalFolds(ar, axes, folded.at(-1)!, work, scratch)
}

/** The axis that is folded as the last but one; `iota` steps count along the axes as they stood, so with them the order stays. */
const beforeLast = (axes: ReadonlyArray<Axis>, folded: number, { steps }: Work): ReadonlyArray<Axis> => {
  if (folded === axes.length - 2) return axes
  if (steps.some(({ op }) => op === 'iota')) throw new RangeError('loop: expected no iota beside a fold of an outer axis')
  return [...axes.filter((_, i) => i !== folded && i !== axes.length - 1), axes[folded]!, axes.at(-1)!]
}

const single: Omit<Axis, 'inputs' | 'outputs' | 'counters'> = { size: 1, folded: false }

/** Stores run along the inner axis: where an array has gaps there, each of its numbers is an inner axis of its own. */
const withInner = (axes: ReadonlyArray<Axis>, { inputs, outputs, steps }: Work): ReadonlyArray<Axis> => {
  const inner = axes.at(-1)
  const fits = inner !== undefined && outputs.every((_, o) => inner.outputs[o] === 1)
  if (fits) return axes
  const counters = steps.filter(({ op }) => op === 'iota').map(() => 0)
  return [...axes, { ...single, inputs: inputs.map(() => 1), outputs: outputs.map(() => 1), counters }]
}

/** Where only axes of one value were folded, each fold is the value itself. */
const plainLoop = (ar: Arithmetic, axes: ReadonlyArray<Axis>, work: Work): Calls => {
  const plain = { ...work, outputs: work.outputs.map(({ address, value, strides }): Result => ({ address, value, strides })) }
  return called(ar, withInner(axes, plain), plain, undefined)
}

const oneFold = (ar: Arithmetic, axes: ReadonlyArray<Axis>, work: Work, folded: 'inner' | 'outer'): Calls => called(ar, axes, work, folded)

const inputOf = ({ type }: Operand, stride: number): LoopInput => ({
  type,
  inner: stride === 1 ? 'contiguous' : stride === 0 ? 'broadcast' : 'strided',
})

const called = (
  ar: Arithmetic,
  axes: ReadonlyArray<Axis>,
  { inputs, steps, outputs }: Work,
  folded: 'inner' | 'outer' | undefined,
): Calls => {
  const structure: LoopStructure = {
    axes: axes.length,
    inputs: inputs.map((input, i) => inputOf(input, axes.at(-1)!.inputs[i]!)),
    steps,
    outputs: outputs.map(({ value, fold }): LoopOutput => (fold === undefined ? { value } : { value, fold })),
    ...(folded === undefined ? {} : { folded }),
  }
  const outer = axes.slice(0, -1)
  const args = loopArguments<Address>(structure, {
    sizes: axes.map(({ size }) => size),
    inputs: inputs.map(({ address }, i) => ({ address, strides: axes.map(axis => axis.inputs[i]!) })),
    outputs: outputs.map(({ address }, o) => ({ address, strides: outer.map(axis => axis.outputs[o]!) })),
  })
  // most loops of a program are known by their name, and need no kernel of their own
  const kernel: Kernel = { name: loopName(ar, structure), func: () => loopKernel(ar, structure).func() }
  return { calls: [{ kernel, args }], scratch: 0 }
}

/** Folds one axis into scratch memory, then the others. Values that are stored as they are come with the first of these loops. */
const severalFolds = (ar: Arithmetic, axes: ReadonlyArray<Axis>, first: number, work: Work, scratch: Address): Calls => {
  const rest = axes.filter((_, i) => i !== first)
  const count = rest.reduce((n, { size }) => n * size, 1)
  const bytes = Math.ceil(count / 4) * 16
  const strides = rest.map((_, i) => sizeOf(rest.slice(i + 1).map(({ size }) => size)))
  const foldedOutputs = work.outputs.flatMap(({ fold }, o) => (fold === undefined ? [] : [o]))
  const partAt = (o: number): Address => moved(scratch, bytes * foldedOutputs.indexOf(o))
  const toParts = axes.map((axis, i): Axis => ({
    ...axis,
    folded: i === first,
    outputs: axis.outputs.map((stride, o) => (foldedOutputs.includes(o) ? (i === first ? 0 : strides[rest.indexOf(axis)]!) : stride)),
  }))
  const parts = walked(
    ar,
    toParts,
    { ...work, outputs: work.outputs.map((output, o) => (foldedOutputs.includes(o) ? { ...output, address: partAt(o) } : output)) },
    scratch,
  )
  const types = typesOfOutputs(ar, work)
  const totals = foldedOutputs.map(o =>
    walked(
      ar,
      collapsed(rest.map((axis, i): Axis => ({ ...axis, inputs: [strides[i]!], outputs: [axis.outputs[o]!], counters: [] }))),
      { inputs: [{ address: partAt(o), type: types[o]!, strides: [] }], steps: [], outputs: [{ ...work.outputs[o]!, value: 0 }] },
      moved(scratch, bytes * foldedOutputs.length),
    ),
  )
  const both = inOrder(parts, ...totals)
  return { calls: both.calls, scratch: bytes * foldedOutputs.length + both.scratch }
}

const typesOfOutputs = (ar: Arithmetic, { inputs, steps, outputs }: Work): ReadonlyArray<ElementType> =>
  loopOutputTypes(ar, {
    axes: 1,
    inputs: inputs.map(({ type }) => ({ type, inner: 'contiguous' })),
    steps,
    outputs: outputs.map(({ value }) => ({ value })),
  })
