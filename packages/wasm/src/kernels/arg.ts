import type { Expr, Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { kernelOf } from './kernel.ts'
import { at, least, storeLanes } from './parts.ts'

/**
 * `arg(from, to, outer, size, inner)`: the first place of the largest (smallest) value along the middle axis, int32 [outer, inner],
 * in vectors along the inner axis. NaN is never larger; where it stands first it stays.
 */
export const argKernel = (kind: 'max' | 'min', type: Exclude<ElementType, 'bool'>): Kernel =>
  kernelOf(`arg${kind} ${type}`, ['from', 'to', 'outer', 'size', 'inner'], ({ from, to, outer, size, inner }) => {
    const [o, l, p] = [local('i32', 'o'), local('i32', 'l'), local('i32', 'p')]
    const width = i32.shl(get(inner), 2)
    const line = search(kind, type, get(size), {
      start: set(p, at(get(from), i32.shl(get(l), 2))),
      load: () => v128.load(get(p)),
      next: bump(p, width),
      store: places => storeLanes(at(get(to), i32.shl(get(l), 2)), places, i32.sub(get(inner), get(l))),
    })
    const matrix = seq(set(l, 0), countUp(l, get(inner), 4, line), bump(from, i32.mul(width, get(size))), bump(to, width))
    return seq(set(o, 0), countUp(o, get(outer), 1, matrix))
  })

/** `argRows(from, to, rows, size)`: as `arg` along the last axis of [rows, size], four rows at a time. */
export const argRowsKernel = (kind: 'max' | 'min', type: Exclude<ElementType, 'bool'>): Kernel =>
  kernelOf(`arg${kind} rows ${type}`, ['from', 'to', 'rows', 'size'], ({ from, to, rows, size }) => {
    const i = local('i32', 'i')
    const pointers = [0, 1, 2, 3].map(() => local('i32', 'row'))
    const row = (r: number): Expr<'i32'> => least(i32.add(get(i), r), i32.sub(get(rows), 1))
    const four = search(kind, type, get(size), {
      start: seq(...pointers.map((p, r) => set(p, at(get(from), i32.shl(i32.mul(row(r), get(size)), 2))))),
      load: () => pointers.slice(1).reduce<Vec>((v, p, r) => v128.load32Lane(get(p), v, r + 1), v128.load32Zero(get(pointers[0]!))),
      next: seq(...pointers.map(p => bump(p, 4))),
      store: places => storeLanes(at(get(to), i32.shl(get(i), 2)), places, i32.sub(get(rows), get(i))),
    })
    return seq(set(i, 0), countUp(i, get(rows), 4, four))
  })

interface Walk {
  readonly start: Stmt
  readonly load: () => Vec
  readonly next: Stmt
  readonly store: (places: Vec) => Stmt
}

const search = (kind: 'max' | 'min', type: Exclude<ElementType, 'bool'>, size: Expr<'i32'>, { start, load, next, store }: Walk): Stmt => {
  const [best, place]: readonly Local<'v128'>[] = [local('v128', 'best'), local('v128', 'place')]
  const s = local('i32', 's')
  const lanes = type === 'float32' ? { max: f32x4.gt, min: f32x4.lt } : { max: i32x4.gtS, min: i32x4.ltS }
  const value = share(load())
  const isBetter = share(lanes[kind](value, get(best!)))
  return seq(
    start,
    set(best!, load()),
    set(place!, i32x4.const(0)),
    set(s, 0),
    countUp(
      s,
      size,
      1,
      seq(
        set(place!, v128.bitselect(i32x4.splat(get(s)), get(place!), isBetter)),
        set(best!, v128.bitselect(value, get(best!), isBetter)),
        next,
      ),
    ),
    store(get(place!)),
  )
}
