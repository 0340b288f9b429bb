import type { Expr, Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { at } from '../kernels/parts.ts'
import { levelsOf } from './made-structure.ts'
import type { LayerStructure, MadeStructure } from './made-structure.ts'
import { columnBytes, packedBytes } from './tile.ts'

type L = Local<'i32'>
const words = (count: number): number => 16 * Math.ceil(count / 4)

/** Where things lie in scratch memory, in bytes from its start: tiles, packed weights, tables. */
export interface Layout {
  readonly y: number
  readonly x: number
  readonly theta: number
  readonly logDet: number
  /** The context's share of the first layer, where it has rows. */
  readonly context: number
  /** What the blocks of a residual network add to. */
  readonly stream: number
  /** What comes out of each layer of hidden units. */
  readonly activated: ReadonlyArray<number>
  readonly weights: ReadonlyArray<number>
  readonly biases: ReadonlyArray<number>
  /** For each width the unit of the s-th degree from below, and the inverse of that. */
  readonly orders: ReadonlyMap<number, { readonly order: number; readonly place: number }>
  readonly bytes: number
}

/** Lays out scratch memory for a transformer of `size` numbers. */
export const layoutOf = (made: MadeStructure, layers: ReadonlyArray<LayerStructure>, size: number): Layout => {
  const used = { bytes: 0 }
  const block = (bytes: number): number => {
    const start = used.bytes
    used.bytes += Math.ceil(bytes / 64) * 64
    return start
  }
  const tile = (columns: number): number => block(columnBytes * columns)
  const widths = [...new Set(made.hidden)]
  const places = {
    y: tile(made.dim),
    x: tile(made.dim),
    theta: tile(size),
    logDet: tile(1),
    context: made.context === 'rows' ? tile(made.hidden[0]!) : 0,
    stream: made.residual ? tile(made.hidden[0]!) : 0,
    activated: layers.slice(0, -1).map(layer => tile(layer.output)),
    weights: layers.map(layer => block(packedBytes(layer.input) * layer.output)),
    biases: layers.slice(0, -1).map(layer => block(words(layer.output))),
    orders: new Map(widths.map(width => [width, { order: block(words(width)), place: block(words(width)) }])),
  }
  return { ...places, bytes: used.bytes }
}

/** Writes the tables of a width: `order[s]` is the unit of the s-th degree from below, `place` its inverse. */
export const tabulate = (made: MadeStructure, width: number, order: Expr<'i32'>, place: Expr<'i32'>): Stmt => {
  const { levels } = levelsOf(made)
  const [first, unit, s] = [local('i32', 'first'), local('i32', 'unit'), local('i32', 's')]
  const entry = (table: Expr<'i32'>, index: L): Expr<'i32'> => at(table, i32.shl(get(index), 2))
  const note = seq(i32.store(entry(order, s), get(unit)), i32.store(entry(place, unit), get(s)), bump(s, 1))
  const stride = made.degrees === 'cyclic' ? levels : 1
  const degree = seq(set(unit, get(first)), countUp(unit, width, stride, note))
  return seq(set(s, 0), set(first, 0), countUp(first, stride, 1, degree))
}
