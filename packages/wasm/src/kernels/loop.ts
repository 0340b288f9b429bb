import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, select, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { accumulator, neutralOf } from './accumulate.ts'
import type { Accumulator } from './accumulate.ts'
import { fromMemory, toMemory } from './elements.ts'
import { evaluated, isDear, loopOutputTypes, parameterNames } from './loop-structure.ts'
import type { LoopStep, LoopStructure } from './loop-structure.ts'
import { at, firstLanes, least, storeLanes } from './parts.ts'

type Pointers = ReadonlyArray<Local<'i32'>>

/** So many vectors of a plain reduction go down the folded axis together: one line of the cache, and sums that do not wait for each other. */
const abreast = 4

/** A loop that only folds what it reads. */
const isReduction = ({ inputs, steps, outputs }: LoopStructure): boolean =>
  inputs.length === 1 && steps.length === 0 && outputs.length === 1

const loopFunc = (ar: Arithmetic, structure: LoopStructure, types: ReadonlyArray<ElementType>, name: string): Func => {
  const { axes, inputs, outputs, folded } = structure
  const outer = axes - 1
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
      const dear = isDear(structure)

      const iota = (axis: number): Vec =>
        axis === outer ? i32x4.add(i32x4.splat(i32.shrU(get(offset), 2)), i32x4.const(0, 1, 2, 3)) : i32x4.splat(get(counters[axis]!))

      /** What an inner loop keeps of each input: splatted numbers, running addresses. Contiguous inputs are read `ahead` bytes behind the offset. */
      const inner = (
        bases: Pointers,
        targets: Pointers,
        accumulators: ReadonlyArray<Accumulator | undefined>,
        ahead = 0,
      ): { start: Stmt; body: (partial: boolean) => Stmt } => {
        const kept = inputs.map(input => (input.inner === 'broadcast' ? local('v128', 'splat') : local('i32', 'running')))
        const running = (i: number): Local<'i32'> => kept[i] as Local<'i32'> // by the line above
        const load = (i: number, partial: boolean): Vec => {
          const base = get(bases[i]!)
          switch (inputs[i]!.inner) {
            case 'contiguous':
              return v128.load(at(base, get(offset)), ahead)
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
          // an output may lie where an input does: all that is stored is there before the first store
          const results = outputs.map(({ value }) => ({ ...values[value]!, local: local('v128', 'result') }))
          const areSettled = outputs.length > 1
          const settled = areSettled ? results.map(({ code, local }) => set(local, code)) : []
          const store = outputs.map(({ fold }, o) => {
            const { type, local: kept } = results[o]!
            const x = { type, code: areSettled ? get(kept) : results[o]!.code }
            if (fold === undefined) {
              const target = at(get(targets[o]!), get(offset))
              return partial ? storeLanes(target, toMemory(x), share(rest())) : v128.store(target, toMemory(x))
            }
            const part =
              partial && folded === 'inner' ? v128.bitselect(x.code, neutralOf(fold, x.type).code, firstLanes(share(rest()))) : x.code
            return accumulators[o]!.add(part)
          })
          return seq(...settled, ...store, ...(folded === 'outer' ? [] : advance))
        }
        return { start: folded === 'outer' ? seq() : start, body }
      }

      type Accumulators = ReadonlyArray<Accumulator | undefined>
      const accumulatorsOf = (): Accumulators =>
        outputs.map(({ fold }, o) => (fold === undefined ? undefined : accumulator(fold, types[o]!)))
      const accumulators = accumulatorsOf()
      const eachFold = (of: Accumulators, f: (a: Accumulator, o: number) => Stmt): ReadonlyArray<Stmt> =>
        of.flatMap((a, o) => (a === undefined ? [] : [f(a, o)]))
      const starts = (of: Accumulators): ReadonlyArray<Stmt> => eachFold(of, a => a.start())
      const alongInner = (bases: Pointers, targets: Pointers): Stmt => {
        const { start, body } = inner(bases, targets, accumulators)
        const whole = i32.leU(i32.add(get(offset), 16), get(end))
        return seq(
          start,
          ...starts(accumulators),
          set(offset, 0),
          dear
            ? whileTrue(() => i32.ltU(get(offset), get(end)), seq(body(true), bump(offset, 16)))
            : seq(
                whileTrue(() => whole, seq(body(false), bump(offset, 16))),
                when(i32.ltU(get(offset), get(end)), body(true)),
              ),
          ...eachFold(accumulators, (a, o) => a.storeAll(get(targets[o]!))),
        )
      }

      /** Vectors along the inner axis, and for each of them down the folded axis. */
      const downOuter = (bases: Pointers, targets: Pointers): Stmt => {
        const axis = outer - 1
        const rows = bases.map(() => local('i32', 'row'))
        const lines = targets.map((target, o) => (outputs[o]!.fold === undefined ? local('i32', 'line') : target))
        const whole = outputs.flatMap(({ fold }, o) => (fold === undefined ? [o] : []))
        const startRow = (i: number): Expr<'i32'> => get(bases[i]!)
        if (inputs.some(({ inner: access }) => access === 'strided' || access === 'cyclic'))
          throw new RangeError('loop: expected contiguous or broadcast inputs where the outer axis is folded')
        /** Down the folded axis with so many vectors side by side. */
        const down = (vectors: ReadonlyArray<Accumulators>): Stmt =>
          seq(
            ...vectors.flatMap(starts),
            ...rows.map((row, i) => set(row, startRow(i))),
            ...whole.map(o => set(lines[o]!, get(targets[o]!))),
            set(counters[axis]!, 0),
            whileTrue(
              () => i32.ltU(get(counters[axis]!), get(sizes[axis]!)),
              seq(
                ...vectors.map((folds, v) => inner(rows, lines, folds, 16 * v).body(whole.length > 0)),
                ...rows.map((row, i) => bump(row, stride('in', i, axis))),
                ...whole.map(o => bump(lines[o]!, stride('out', o, axis))),
                bump(counters[axis]!, 1),
              ),
            ),
          )
        const target = (o: number): Expr<'i32'> => at(get(targets[o]!), get(offset))
        const lanes = (a: Accumulator, o: number): Vec => toMemory({ type: types[o]!, code: a.lanes() })
        const sideBySide = isReduction(structure) ? [accumulators, ...Array.from({ length: abreast - 1 }, accumulatorsOf)] : []
        return seq(
          set(offset, 0),
          ...(sideBySide.length === 0
            ? []
            : [
                whileTrue(
                  () => i32.leU(i32.add(get(offset), 16 * abreast), get(end)),
                  seq(
                    down(sideBySide),
                    ...sideBySide.flatMap((folds, v) => eachFold(folds, (a, o) => v128.store(target(o), lanes(a, o), 16 * v))),
                    bump(offset, 16 * abreast),
                  ),
                ),
              ]),
          whileTrue(
            () => i32.ltU(get(offset), get(end)),
            seq(
              down([accumulators]),
              ...eachFold(accumulators, (a, o) => storeLanes(target(o), lanes(a, o), share(rest()))),
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
  if (outputs.some(({ fold }) => fold !== undefined) !== (folded !== undefined))
    throw new RangeError('loop: expected a fold on an output of a loop with a folded axis, and on none of another')
  const types = loopOutputTypes(ar, structure)
  outputs.forEach(({ fold }, o) => fold && accumulator(fold, types[o]!))
  return { name: loopName(ar, structure), func: () => loopFunc(ar, structure, types, 'loop') }
}

/** A text that is the same for loops of one code. */
export const loopName = (ar: Arithmetic, { axes, inputs, steps, outputs, folded }: LoopStructure): string => {
  let name = `loop ${ar.name} ${axes} ${folded ?? ''}`
  for (const { type, inner } of inputs) name += `;${type} ${inner}`
  for (const step of steps) name += `;${stepName(step)}`
  for (const { value, fold } of outputs) name += `;=${value} ${fold ?? ''}`
  return name
}

const stepName = (step: LoopStep): string => {
  if (step.op === 'constant') return `${step.type} ${Object.is(step.value, -0) ? '-0' : step.value}`
  if (step.op === 'select') return `select ${step.condition} ${step.yes} ${step.no}`
  if (step.op === 'cast') return `${step.to} ${step.x}`
  if (step.op === 'iota') return `iota ${step.axis}`
  return 'x' in step ? `${step.op} ${step.x}` : `${step.op} ${step.a} ${step.b}`
}
