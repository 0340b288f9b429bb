import type { Expr, Func } from '../asm/code.ts'
import { func, get, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { at, least, transpose4 } from './parts.ts'

/**
 * `pack(from, to, k, n, ld)`: n columns of k numbers as [n / width][k][width]. The numbers of one k lie together in `from`
 * (ld bytes from one k to the next). Lanes beyond n hold anything.
 */
export const packRows = (width: 4 | 8): Func =>
  func(
    `pack rows ${width}`,
    [
      ['from', 'i32'],
      ['to', 'i32'],
      ['k', 'i32'],
      ['n', 'i32'],
      ['ld', 'i32'],
    ],
    (from, to, k, n, ld) => {
      const [j, i, source, target] = [local('i32', 'j'), local('i32', 'i'), local('i32', 'source'), local('i32', 'target')]
      const copy = (offset: number): ReturnType<typeof seq> => v128.store(get(target), v128.load(get(source), offset), offset)
      const line = seq(...(width === 8 ? [copy(0), copy(16)] : [copy(0)]), bump(source, get(ld)), bump(target, 4 * width))
      const panel = seq(set(source, at(get(from), i32.shl(get(j), 2))), set(i, 0), countUp(i, get(k), 1, line))
      return seq(set(target, get(to)), set(j, 0), countUp(j, get(n), width, panel))
    },
  )

/**
 * As `packRows`, where the k numbers of one column lie together in `from` (ld bytes from one column to the next). Writes up to
 * 12 width bytes behind the last panel.
 */
export const packColumns = (width: 4 | 8): Func =>
  func(
    `pack columns ${width}`,
    [
      ['from', 'i32'],
      ['to', 'i32'],
      ['k', 'i32'],
      ['n', 'i32'],
      ['ld', 'i32'],
    ],
    (from, to, k, n, ld) => {
      const [j, i, target] = [local('i32', 'j'), local('i32', 'i'), local('i32', 'target')]
      const sources = Array.from({ length: width }, () => local('i32', 'source'))
      const column = (ahead: number): Expr<'i32'> => least(i32.add(get(j), ahead), share(i32.sub(get(n), 1)))
      const blockOf = (first: number): ReturnType<typeof seq> => {
        const rows = [0, 1, 2, 3].map(r => v128.load(get(sources[first + r]!))) as [Vec, Vec, Vec, Vec]
        return seq(...transpose4(rows).map((row, r) => v128.store(get(target), row, 4 * width * r + 4 * first)))
      }
      const four = seq(blockOf(0), ...(width === 8 ? [blockOf(4)] : []), ...sources.map(s => bump(s, 16)), bump(target, 16 * width))
      const panel = seq(
        ...sources.map((s, r) => set(s, at(get(from), i32.mul(column(r), get(ld))))),
        set(target, at(get(to), i32.mul(get(j), i32.shl(get(k), 2)))),
        set(i, 0),
        countUp(i, get(k), 4, four),
      )
      return seq(set(j, 0), countUp(j, get(n), width, panel))
    },
  )
