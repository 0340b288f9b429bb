import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { at, least, transpose4, within } from './parts.ts'

const parameters = [
  ['from', 'i32'],
  ['to', 'i32'],
  ['k', 'i32'],
  ['n', 'i32'],
  ['ld', 'i32'],
  ['ranges', 'i32'],
  ['first', 'i32'],
] as const
type Locals = readonly [L, L, L, L, L, L, L]
type L = Local<'i32'>

/** The part of k that is packed of the panel of column j: all of it, or what the mask's range leaves, in fours. */
const partOf = (
  isRanged: boolean,
  j: L,
  [, , k, , , ranges, first]: Locals,
): { readonly set: Stmt; readonly start: L; readonly end: L } => {
  const [start, end] = [local('i32', 'start'), local('i32', 'end')]
  const range = share(at(get(ranges), i32.and(get(j), -8)))
  const bound = (offset: number): Expr<'i32'> => within(i32.sub(i32.load(range, offset), get(first)), get(k))
  return {
    set: isRanged ? seq(set(start, i32.and(bound(0), -4)), set(end, bound(4))) : seq(set(start, 0), set(end, get(k))),
    start,
    end,
  }
}

/**
 * `pack(from, to, k, n, ld, ranges, first)`: n columns of k numbers as [n / width][k][width]. The numbers of one k lie together in `from`
 * (ld bytes from one k to the next). Lanes beyond n hold anything. With ranges, those of `maskTable` counted from `first` on, what a mask makes
 * zero is not packed: nothing reads it.
 */
export const packRows = (width: 4 | 8, isRanged = false): Func =>
  func(`pack rows ${width}${isRanged ? ' ranges' : ''}`, parameters, (...locals) => {
    const [from, to, k, n, ld] = locals
    const [j, i, source, target] = [local('i32', 'j'), local('i32', 'i'), local('i32', 'source'), local('i32', 'target')]
    const part = partOf(isRanged, j, locals)
    const copy = (offset: number): ReturnType<typeof seq> => v128.store(get(target), v128.load(get(source), offset), offset)
    const line = seq(...(width === 8 ? [copy(0), copy(16)] : [copy(0)]), bump(source, get(ld)), bump(target, 4 * width))
    const panel = seq(
      part.set,
      set(source, at(get(from), i32.shl(get(j), 2), i32.mul(get(part.start), get(ld)))),
      set(target, at(get(to), i32.shl(i32.add(i32.mul(get(j), get(k)), i32.mul(get(part.start), width)), 2))),
      set(i, get(part.start)),
      countUp(i, get(part.end), 1, line),
    )
    return seq(set(j, 0), countUp(j, get(n), width, panel))
  })

/**
 * As `packRows`, where the k numbers of one column lie together in `from` (ld bytes from one column to the next). Writes up to
 * 12 width bytes behind the last panel.
 */
export const packColumns = (width: 4 | 8, isRanged = false): Func =>
  func(`pack columns ${width}${isRanged ? ' ranges' : ''}`, parameters, (...locals) => {
    const [from, to, k, n, ld] = locals
    const [j, i, target] = [local('i32', 'j'), local('i32', 'i'), local('i32', 'target')]
    const part = partOf(isRanged, j, locals)
    const sources = Array.from({ length: width }, () => local('i32', 'source'))
    const column = (ahead: number): Expr<'i32'> => least(i32.add(get(j), ahead), share(i32.sub(get(n), 1)))
    const blockOf = (first: number): ReturnType<typeof seq> => {
      const rows = [0, 1, 2, 3].map(r => v128.load(get(sources[first + r]!))) as [Vec, Vec, Vec, Vec]
      return seq(...transpose4(rows).map((row, r) => v128.store(get(target), row, 4 * width * r + 4 * first)))
    }
    const four = seq(blockOf(0), ...(width === 8 ? [blockOf(4)] : []), ...sources.map(s => bump(s, 16)), bump(target, 16 * width))
    const panel = seq(
      part.set,
      ...sources.map((s, r) => set(s, at(get(from), i32.mul(column(r), get(ld)), i32.shl(get(part.start), 2)))),
      set(target, at(get(to), i32.shl(i32.add(i32.mul(get(j), get(k)), i32.mul(get(part.start), width)), 2))),
      set(i, get(part.start)),
      countUp(i, get(part.end), 4, four),
    )
    return seq(set(j, 0), countUp(j, get(n), width, panel))
  })
