import type { Expr, Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { accumulator, neutralOf } from './accumulate.ts'
import { kernelOf } from './kernel.ts'
import { at, firstLanes, least, storeLanes, transpose4 } from './parts.ts'

/** Which running fold: of all values up to each, without it where `exclusive`, from the end where `reverse`. */
export interface CumulativeStructure {
  readonly kind: 'sum' | 'prod'
  readonly type: Exclude<ElementType, 'bool'>
  readonly exclusive: boolean
  readonly reverse: boolean
}

const titled = (form: string, { kind, type, exclusive, reverse }: CumulativeStructure): string =>
  `cumulative ${form} ${kind} ${type}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`

/**
 * `cumulative(from, to, outer, size, inner)` along the middle axis of [outer, size, inner], in vectors along the inner one. float32 accumulates in
 * float64.
 */
export const cumulativeKernel = (structure: CumulativeStructure): Kernel =>
  kernelOf(titled('middle', structure), ['from', 'to', 'outer', 'size', 'inner'], ({ from, to, outer, size, inner }) => {
    const { kind, type, exclusive, reverse } = structure
    const fold = accumulator(kind, type)
    const [o, l, s, place] = [local('i32', 'o'), local('i32', 'l'), local('i32', 's'), local('i32', 'place')]
    const width = i32.shl(get(inner), 2)
    const matrix = i32.mul(width, get(size))
    const value = local('v128', 'value')
    const left = (): Expr<'i32'> => i32.sub(get(inner), get(l))
    const store = (): Stmt => storeLanes(at(get(to), get(place)), fold.lanes(), left())
    const step = seq(
      set(value, v128.load(at(get(from), get(place)))),
      ...(exclusive ? [store(), fold.add(get(value))] : [fold.add(get(value)), store()]),
      reverse ? set(place, i32.sub(get(place), width)) : bump(place, width),
    )
    const line = seq(
      fold.start(),
      set(place, i32.shl(get(l), 2)),
      ...(reverse ? [bump(place, i32.sub(matrix, width))] : []),
      set(s, 0),
      countUp(s, get(size), 1, step),
    )
    return seq(set(o, 0), countUp(o, get(outer), 1, seq(set(l, 0), countUp(l, get(inner), 4, line), bump(from, matrix), bump(to, matrix))))
  })

/** `cumulativeRows(from, to, rows, size)` along the last axis of [rows, size], four rows at a time. float32 accumulates in float64. */
export const cumulativeRowsKernel = (structure: CumulativeStructure): Kernel =>
  kernelOf(titled('rows', structure), ['from', 'to', 'rows', 'size'], ({ from, to, rows, size }) => {
    const { kind, type, exclusive, reverse } = structure
    const fold = accumulator(kind, type)
    const [i, place, left] = [local('i32', 'i'), local('i32', 'place'), local('i32', 'left')]
    const lanes = [0, 1, 2, 3]
    const shifts = lanes.map(() => local('i32', 'row'))
    const columns = lanes.map(() => local('v128', 'column'))
    const vectors = (xs: ReadonlyArray<Local<'v128'>>): [Vec, Vec, Vec, Vec] => xs.map(get) as [Vec, Vec, Vec, Vec] // four columns
    const keep = share(firstLanes(get(left)))
    const load = (row: Local<'i32'>): Vec =>
      v128.bitselect(v128.load(at(get(from), get(row), get(place))), neutralOf(kind, type).code, keep)
    const through = (column: Local<'v128'>): Stmt => {
      const before = local('v128', 'before')
      return exclusive
        ? seq(set(before, fold.lanes()), fold.add(get(column)), set(column, get(before)))
        : seq(fold.add(get(column)), set(column, fold.lanes()))
    }
    const results = lanes.map(() => local('v128', 'result'))
    const block = seq(
      set(left, i32.sub(get(size), i32.shrU(get(place), 2))),
      ...transpose4(shifts.map(load) as [Vec, Vec, Vec, Vec]).map((column, c) => set(columns[c]!, column)),
      ...(reverse ? columns.toReversed() : columns).map(through),
      ...transpose4(vectors(columns)).map((row, r) => set(results[r]!, row)),
      ...results.map((result, r) => storeLanes(at(get(to), get(shifts[r]!), get(place)), get(result), get(left))),
    )
    const row = (r: number): Expr<'i32'> => i32.shl(i32.mul(least(i32.add(get(i), r), i32.sub(get(rows), 1)), get(size)), 2)
    const four = seq(
      ...shifts.map((shift, r) => set(shift, row(r))),
      fold.start(),
      set(place, reverse ? i32.shl(i32.and(i32.sub(get(size), 1), -4), 2) : 0),
      whileTrue(() => i32.ltU(get(place), i32.shl(get(size), 2)), seq(block, bump(place, reverse ? -16 : 16))), // below 0 wraps and ends
    )
    return when(i32.ne(get(size), 0), seq(set(i, 0), countUp(i, get(rows), 4, four)))
  })
