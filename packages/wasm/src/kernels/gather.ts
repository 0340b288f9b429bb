import type { Expr, I32, Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { kernelOf } from './kernel.ts'
import { at, least, storeLanes } from './parts.ts'

/** Runs `line(offset)` for vectors along `inner` numbers: each stores at most the numbers that are left. */
const along = (inner: Local<'i32'>, line: (offset: Expr<'i32'>, left: Expr<'i32'>) => Stmt): Stmt => {
  const l = local('i32', 'l')
  return seq(set(l, 0), countUp(l, get(inner), 4, line(i32.shl(get(l), 2), i32.sub(get(inner), get(l)))))
}
const bytesOf = (...factors: readonly [I32, ...ReadonlyArray<I32>]): Expr<'i32'> =>
  i32.shl(
    factors.slice(1).reduce<Expr<'i32'>>((product, f) => i32.mul(product, f), i32.add(factors[0], 0)),
    2,
  )

/**
 * `gather(x, indices, to, outer, size, inner, count)`: [outer, size, inner] to [outer, count, inner], row indices[c] of each. An
 * index out of range takes the last row.
 */
export const gatherKernel: Kernel = kernelOf(
  'gather',
  ['x', 'indices', 'to', 'outer', 'size', 'inner', 'count'],
  ({ x, indices, to, outer, size, inner, count }) => {
    const [o, c, source] = [local('i32', 'o'), local('i32', 'c'), local('i32', 'source')]
    const index = least(i32.load(at(get(indices), i32.shl(get(c), 2))), i32.sub(get(size), 1))
    const row = seq(
      set(source, at(get(x), bytesOf(get(inner), index))),
      along(inner, (offset, left) => storeLanes(at(get(to), offset), v128.load(at(get(source), offset)), left)),
      bump(to, bytesOf(get(inner))),
    )
    const matrix = seq(set(c, 0), countUp(c, get(count), 1, row), bump(x, bytesOf(get(size), get(inner))))
    return when(i32.ne(get(size), 0), seq(set(o, 0), countUp(o, get(outer), 1, matrix)))
  },
)

/**
 * `scatterAdd(values, indices, to, outer, size, inner, count)`: [outer, count, inner] to [outer, size, inner]: zeros, and each row c added to
 * row indices[c], in the order of c. Rows with an index out of range are left out.
 */
export const scatterAddKernel = (type: Exclude<ElementType, 'bool'>): Kernel =>
  kernelOf(
    `scatterAdd ${type}`,
    ['values', 'indices', 'to', 'outer', 'size', 'inner', 'count'],
    ({ values, indices, to, outer, size, inner, count }) => {
      const [o, c, target, whole] = [local('i32', 'o'), local('i32', 'c'), local('i32', 'target'), local('i32', 'whole')]
      const add: (a: Vec, b: Vec) => Vec = type === 'float32' ? f32x4.add : i32x4.add
      const index = share(i32.load(at(get(indices), i32.shl(get(c), 2))))
      const row = seq(
        when(
          i32.ltU(index, get(size)),
          seq(
            set(target, at(get(to), bytesOf(get(inner), index))),
            along(inner, (offset, left) =>
              storeLanes(at(get(target), offset), add(v128.load(at(get(target), offset)), v128.load(at(get(values), offset))), left),
            ),
          ),
        ),
        bump(values, bytesOf(get(inner))),
      )
      const matrix = seq(
        along(whole, (offset, left) => storeLanes(at(get(to), offset), f32x4.const(0), left)),
        set(c, 0),
        countUp(c, get(count), 1, row),
        bump(to, i32.shl(get(whole), 2)),
      )
      return seq(set(whole, i32.mul(get(size), get(inner))), set(o, 0), countUp(o, get(outer), 1, matrix))
    },
  )
