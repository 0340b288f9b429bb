import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, select, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { accumulator, neutralOf } from './accumulate.ts'
import type { Accumulator, Fold } from './accumulate.ts'
import { binaryLanes, castLanes, fromMemory, selectLanes, splatOf, toMemory, unaryLanes } from './elements.ts'
import type { BinaryOp, Lanes, UnaryOp } from './elements.ts'
import { at, firstLanes, least, storeLanes } from './parts.ts'

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

/** A value that a loop stores; with a fold, one number for each run of the axis that is folded. */
export interface LoopOutput {
  readonly value: number
  readonly fold?: Fold
}

/**
 * Elementwise code over up to any number of axes: `axes` of them, the last one the inner axis, in vectors of four. Outputs are contiguous along the
 * inner axis. With `folded: 'inner'` all outputs fold the inner axis away, with `'outer'` the axis before it (the vectors then run along
 * the inner axis still).
 */
export interface LoopStructure {
  readonly axes: number
  readonly inputs: ReadonlyArray<LoopInput>
  readonly steps: ReadonlyArray<LoopStep>
  readonly outputs: ReadonlyArray<LoopOutput>
  readonly folded?: 'inner' | 'outer'
}

const cheap: ReadonlyArray<LoopStep['op']> = [
  ...(['neg', 'abs', 'sqrt', 'square', 'reciprocal', 'floor', 'ceil', 'round', 'relu', 'isNan', 'isFinite', 'not'] as const),
  ...(['add', 'sub', 'mul', 'div', 'max', 'min', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or'] as const),
  ...(['select', 'cast', 'constant', 'iota'] as const),
]

/** The value of each step from the loaded inputs. */
const evaluated = (
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

type Pointers = ReadonlyArray<Local<'i32'>>

const loopFunc = (ar: Arithmetic, structure: LoopStructure, name: string): Func => {
  const { axes, inputs, outputs, folded } = structure
  const outer = axes - 1
  const types = loopOutputTypes(ar, structure)
  const names = parameterNames(structure)
  return func(
    name,
    names.map(title => [title, 'i32'] as const),
    (...parameters) => {
      const at_ = (title: string): Local<'i32'> => (parameters as Pointers)[names.indexOf(title)]!
      const stride = (kind: 'in' | 'out', i: number, axis: number | 'inner'): Expr<'i32'> => get(at_(`${kind} ${i} stride ${axis}`))
      const sizes = Array.from({ length: axes }, (_, axis) => at_(`size ${axis}`))
      const counters = sizes.map(() => local('i32', 'index'))
      const [offset, end] = [local('i32', 'offset'), local('i32', 'end')]
      const rest = (): Expr<'i32'> => i32.shrU(i32.sub(get(end), get(offset)), 2)
      const isDear = structure.steps.length > 16 || structure.steps.some(({ op }) => !cheap.includes(op))

      const iota = (axis: number): Vec =>
        axis === outer ? i32x4.add(i32x4.splat(i32.shrU(get(offset), 2)), i32x4.const(0, 1, 2, 3)) : i32x4.splat(get(counters[axis]!))

      /** What an inner loop keeps of each input: splatted numbers, running addresses. */
      const inner = (
        bases: Pointers,
        targets: Pointers,
        accumulators: ReadonlyArray<Accumulator>,
      ): { start: Stmt; body: (partial: boolean) => Stmt } => {
        const kept = inputs.map(input => (input.inner === 'broadcast' ? local('v128', 'splat') : local('i32', 'running')))
        const running = (i: number): Local<'i32'> => kept[i] as Local<'i32'> // by the line above
        const load = (i: number, partial: boolean): Vec => {
          const base = get(bases[i]!)
          switch (inputs[i]!.inner) {
            case 'contiguous':
              return v128.load(at(base, get(offset)))
            case 'broadcast':
              return folded === 'outer' ? v128.load32Splat(base) : get(kept[i] as Local<'v128'>)
            case 'cyclic':
              return v128.load(at(base, get(running(i))))
            case 'strided': {
              const step = stride('in', i, 'inner')
              const lane = (l: number): Expr<'i32'> => at(get(running(i)), i32.mul(step, partial ? least(l, i32.sub(rest(), 1)) : l))
              return [1, 2, 3].reduce<Vec>((v, l) => v128.load32Lane(lane(l), v, l), v128.load32Zero(get(running(i))))
            }
          }
        }
        const start = seq(
          ...inputs.map((input, i) =>
            input.inner === 'broadcast'
              ? set(kept[i] as Local<'v128'>, v128.load32Splat(get(bases[i]!)))
              : input.inner === 'strided'
                ? set(running(i), get(bases[i]!))
                : set(running(i), 0),
          ),
        )
        const advance = inputs.flatMap((input, i) => {
          if (input.inner === 'strided') return [bump(running(i), i32.shl(stride('in', i, 'inner'), 2))]
          if (input.inner !== 'cyclic') return []
          const [period, next] = [stride('in', i, 'inner'), share(i32.add(get(running(i)), 16))]
          return [set(running(i), select(i32.geU(next, period), i32.sub(next, period), next))]
        })
        const body = (partial: boolean): Stmt => {
          const values = evaluated(ar, structure, i => fromMemory(inputs[i]!.type, load(i, partial)), iota)
          const store = outputs.map(({ value, fold }, o) => {
            const x = values[value]!
            if (folded === undefined) {
              const target = at(get(targets[o]!), get(offset))
              return partial ? storeLanes(target, toMemory(x), share(rest())) : v128.store(target, toMemory(x))
            }
            const part =
              partial && folded === 'inner' ? v128.bitselect(x.code, neutralOf(fold!, x.type).code, firstLanes(share(rest()))) : x.code
            return accumulators[o]!.add(part)
          })
          return seq(...store, ...(folded === 'outer' ? [] : advance))
        }
        return { start: folded === 'outer' ? seq() : start, body }
      }

      const accumulators = folded === undefined ? [] : outputs.map(({ fold }, o) => accumulator(fold ?? 'sum', types[o]!))
      const alongInner = (bases: Pointers, targets: Pointers): Stmt => {
        const { start, body } = inner(bases, targets, accumulators)
        const whole = i32.leU(i32.add(get(offset), 16), get(end))
        return seq(
          start,
          ...accumulators.map(a => a.start()),
          set(offset, 0),
          isDear
            ? whileTrue(() => i32.ltU(get(offset), get(end)), seq(body(true), bump(offset, 16)))
            : seq(
                whileTrue(() => whole, seq(body(false), bump(offset, 16))),
                when(i32.ltU(get(offset), get(end)), body(true)),
              ),
          ...accumulators.map((a, o) => a.storeAll(get(targets[o]!))),
        )
      }

      /** Vectors along the inner axis, and for each of them down the folded axis. */
      const downOuter = (bases: Pointers, targets: Pointers): Stmt => {
        const axis = outer - 1
        const rows = bases.map(() => local('i32', 'row'))
        const { body } = inner(rows, targets, accumulators)
        const startRow = (i: number): Expr<'i32'> => get(bases[i]!)
        if (inputs.some(({ inner: access }) => access === 'strided' || access === 'cyclic'))
          throw new RangeError('loop: expected contiguous or broadcast inputs where the outer axis is folded')
        return seq(
          set(offset, 0),
          whileTrue(
            () => i32.ltU(get(offset), get(end)),
            seq(
              ...accumulators.map(a => a.start()),
              ...rows.map((row, i) => set(row, startRow(i))),
              set(counters[axis]!, 0),
              whileTrue(
                () => i32.ltU(get(counters[axis]!), get(sizes[axis]!)),
                seq(body(false), ...rows.map((row, i) => bump(row, stride('in', i, axis))), bump(counters[axis]!, 1)),
              ),
              ...accumulators.map((a, o) =>
                storeLanes(at(get(targets[o]!), get(offset)), toMemory({ type: types[o]!, code: a.lanes() }), share(rest())),
              ),
              bump(offset, 16),
            ),
          ),
        )
      }

      const depth = folded === 'outer' ? outer - 1 : outer
      const nest = (axis: number, bases: Pointers, targets: Pointers): Stmt => {
        if (axis === depth) return folded === 'outer' ? downOuter(bases, targets) : alongInner(bases, targets)
        const [ins, outs] = [bases.map(() => local('i32', 'in')), targets.map(() => local('i32', 'out'))]
        return seq(
          ...ins.map((p, i) => set(p, get(bases[i]!))),
          ...outs.map((p, o) => set(p, get(targets[o]!))),
          set(counters[axis]!, 0),
          whileTrue(
            () => i32.ltU(get(counters[axis]!), get(sizes[axis]!)),
            seq(
              nest(axis + 1, ins, outs),
              ...ins.map((p, i) => bump(p, stride('in', i, axis))),
              ...outs.map((p, o) => bump(p, stride('out', o, axis))),
              bump(counters[axis]!, 1),
            ),
          ),
        )
      }
      return seq(
        set(end, i32.shl(get(sizes[outer]!), 2)),
        nest(
          0,
          inputs.map((_, i) => at_(`in ${i}`)),
          outputs.map((_, o) => at_(`out ${o}`)),
        ),
      )
    },
  )
}

const parameterNames = ({ axes, inputs, outputs }: LoopStructure): ReadonlyArray<string> => {
  const outerAxes = Array.from({ length: axes - 1 }, (_, axis) => axis)
  return [
    ...inputs.map((_, i) => `in ${i}`),
    ...outputs.map((_, o) => `out ${o}`),
    ...Array.from({ length: axes }, (_, axis) => `size ${axis}`),
    ...inputs.flatMap((_, i) => [...outerAxes, 'inner'].map(axis => `in ${i} stride ${axis}`)),
    ...outputs.flatMap((_, o) => outerAxes.map(axis => `out ${o} stride ${axis}`)),
  ]
}

/**
 * The kernel of a loop; its arguments are those of `loopArguments`.
 *
 * An output may be one of the contiguous inputs, at the same address and strides. Nothing is written outside the outputs; up to 12 bytes behind an input are read.
 *
 * @throws RangeError when a step reads a later value, types do not fit, or outputs fold without a folded axis
 */
export const loopKernel = (ar: Arithmetic, structure: LoopStructure): Kernel => {
  const { axes, outputs, folded } = structure
  if (axes < (folded === 'outer' ? 2 : 1)) throw new RangeError(`loop: expected ${folded === 'outer' ? 2 : 1} axes or more, got ${axes}`)
  if (outputs.some(({ fold }) => (fold === undefined) !== (folded === undefined)))
    throw new RangeError('loop: expected folds on all outputs of a loop with a folded axis, and on none of another')
  const types = loopOutputTypes(ar, structure)
  outputs.forEach(({ fold }, o) => fold && accumulator(fold, types[o]!))
  const name = `loop ${ar.name} ${JSON.stringify(structure, (_, value: unknown) => (typeof value === 'number' ? exactText(value) : value))}`
  return { name, func: () => loopFunc(ar, structure, 'loop') }
}

/** JSON has no NaN, Infinity and -0. */
const exactText = (value: number): number | string =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : `${value}`

/** Where the arrays of a loop lie: addresses, and strides in numbers, one for each axis. */
export interface LoopCall {
  readonly sizes: ReadonlyArray<number>
  /** The last stride counts where the inner axis is strided; where it is cyclic it is the period. */
  readonly inputs: ReadonlyArray<{ readonly address: number; readonly strides: ReadonlyArray<number> }>
  /** Strides for all axes but the inner one; that of a folded outer axis is not read. */
  readonly outputs: ReadonlyArray<{ readonly address: number; readonly strides: ReadonlyArray<number> }>
}

/**
 * The arguments of a loop kernel.
 *
 * @throws RangeError when there are not as many sizes or strides as axes
 */
export const loopArguments = ({ axes }: LoopStructure, { sizes, inputs, outputs }: LoopCall): ReadonlyArray<number> => {
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
