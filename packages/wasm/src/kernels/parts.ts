import type { Expr, I32, Stmt } from '../asm/code.ts'
import { get, local, select, seq, set, share, when } from '../asm/control.ts'
import { i32, index } from '../asm/scalar.ts'
import { i32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'

/** Stores the first `count` lanes; all four when count >= 4, none when it is 0. */
export const storeLanes = (pointer: I32, value: Vec, count: Expr<'i32'>): Stmt => {
  const rest = local('v128', 'rest')
  const at = local('i32', 'at')
  return seq(
    set(rest, value),
    set(at, index(pointer)),
    when(
      i32.geS(count, 4),
      v128.store(get(at), get(rest)),
      seq(
        when(
          i32.and(count, 2),
          seq(
            v128.store64Lane(get(at), get(rest), 0),
            set(rest, shuffle32(get(rest), get(rest), [2, 3, 2, 3])),
            set(at, i32.add(get(at), 8)),
          ),
        ),
        when(i32.and(count, 1), v128.store32Lane(get(at), get(rest), 0)),
      ),
    ),
  )
}

/** All ones in the first `count` lanes. */
export const firstLanes = (count: Expr<'i32'>): Vec => i32x4.gtS(i32x4.splat(count), i32x4.const(0, 1, 2, 3))

/** Rows of a 4 x 4 block as its columns. */
export const transpose4 = (rows: readonly [Vec, Vec, Vec, Vec]): readonly [Vec, Vec, Vec, Vec] => {
  const [a, b, c, d] = rows.map(share) as [Vec, Vec, Vec, Vec] // four as given
  const [ab, cd] = [share(shuffle32(a, b, [0, 4, 1, 5])), share(shuffle32(c, d, [0, 4, 1, 5]))]
  const [AB, CD] = [share(shuffle32(a, b, [2, 6, 3, 7])), share(shuffle32(c, d, [2, 6, 3, 7]))]
  return [
    shuffle32(ab, cd, [0, 1, 4, 5]),
    shuffle32(ab, cd, [2, 3, 6, 7]),
    shuffle32(AB, CD, [0, 1, 4, 5]),
    shuffle32(AB, CD, [2, 3, 6, 7]),
  ]
}

/** The smaller of two unsigned numbers. */
export const least = (a: I32, b: I32): Expr<'i32'> => {
  const [x, y] = [share(index(a)), share(index(b))]
  return select(i32.ltU(x, y), x, y)
}

/** Not below 0 and not above `most`. */
export const within = (x: Expr<'i32'>, most: Expr<'i32'>): Expr<'i32'> => {
  const value = share(x)
  return least(i32.and(value, i32.xor(i32.shrS(value, 31), -1)), most)
}

/** A sum of addresses and bytes. */
export const at = (pointer: I32, ...bytes: ReadonlyArray<I32>): Expr<'i32'> =>
  bytes.reduce<Expr<'i32'>>((sum, more) => i32.add(sum, more), index(pointer))
