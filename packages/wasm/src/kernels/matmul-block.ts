import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { at, least, storeLanes } from './parts.ts'

/**
 * How A [m, k] lies: `rows` as [m, k], `columns` as [k, m], `tiles` as [m / 4][k][4] (`packTiles`).
 * How B [k, n] lies: `rows` as [k, n], `panels` as [n / 8][k][8] (`packPanels`).
 */
export interface BlockLayout {
  readonly a: 'rows' | 'columns' | 'tiles'
  readonly b: 'rows' | 'panels'
}

/** What happens to a result: the bias is where the sum begins, the activation where it ends. */
export interface BlockEpilogue {
  readonly bias: boolean
  readonly activation: (x: Vec) => Vec
}

interface Operands {
  readonly lda: Local<'i32'>
  readonly ldb: Local<'i32'>
  readonly ldc: Local<'i32'>
  readonly bias: Local<'i32'>
  readonly k: Local<'i32'>
  readonly isFirst: Local<'i32'>
  readonly isLast: Local<'i32'>
}

const times = <A>(count: number, f: (i: number) => A): ReadonlyArray<A> => Array.from({ length: count }, (_, i) => f(i))

/**
 * C[rows, 4 vectors] from the first row and column of A, B and C: all sums stay in registers. With `columns` only so many of the
 * last vector's lanes are stored.
 */
const micro = (
  ar: Arithmetic,
  layout: BlockLayout,
  { bias, activation }: BlockEpilogue,
  operands: Operands,
  rows: number,
  vectors: number,
  place: {
    readonly a: Expr<'i32'>
    readonly b: Expr<'i32'>
    readonly c: Expr<'i32'>
    readonly bias: Expr<'i32'>
    readonly columns?: Expr<'i32'>
  },
): Stmt => {
  const sums = times(rows, () => times(vectors, () => local('v128', 'sum')))
  const aPointers = times(layout.a === 'rows' ? rows : 1, () => local('i32', 'a'))
  const [b, end, c] = [local('i32', 'b'), local('i32', 'end'), local('i32', 'c')]
  const each = (f: (sum: Local<'v128'>, i: number, j: number) => Stmt): Stmt =>
    seq(...sums.flatMap((row, i) => row.map((sum, j) => f(sum, i, j))))

  const aAt = (i: number): Vec => (layout.a === 'rows' ? v128.load32Splat(get(aPointers[i]!)) : v128.load32Splat(get(aPointers[0]!), 4 * i))
  const stepA = layout.a === 'rows' ? 4 : layout.a === 'tiles' ? 16 : get(operands.lda)
  const stepB = layout.b === 'panels' ? 32 : get(operands.ldb)
  const bs = times(vectors, j => share(v128.load(get(b), 16 * j)))
  const products = times(rows, i => {
    const a = share(aAt(i))
    return seq(...times(vectors, j => set(sums[i]![j]!, ar.madd(a, bs[j]!, get(sums[i]![j]!)))))
  })
  // Not unrolled: V8 moves the loads of all steps before their products, and the sums then leave the registers
  const loops = seq(
    set(end, at(place.b, i32.mul(get(operands.k), stepB))),
    whileTrue(() => i32.ne(get(b), get(end)), seq(...products, ...aPointers.map(p => bump(p, stepA)), bump(b, stepB))),
  )
  const cAt = (i: number): Expr<'i32'> => at(get(c), i32.mul(get(operands.ldc), i))
  const store = (sum: Local<'v128'>, i: number, j: number): Stmt =>
    place.columns !== undefined && j === vectors - 1
      ? storeLanes(at(cAt(i), 16 * j), get(sum), place.columns)
      : v128.store(cAt(i), get(sum), 16 * j)
  const startRow = (i: number): Expr<'i32'> => at(place.a, i32.mul(get(operands.lda), i))
  return seq(
    ...aPointers.map((p, i) => set(p, i === 0 ? place.a : startRow(i))),
    set(b, place.b),
    set(c, place.c),
    when(
      get(operands.isFirst),
      each((sum, _, j) => set(sum, bias ? v128.load(place.bias, 16 * j) : f32x4.const(0))),
      each((sum, i, j) => set(sum, v128.load(cAt(i), 16 * j))),
    ),
    loops,
    when(
      get(operands.isLast),
      each(sum => set(sum, activation(get(sum)))),
    ),
    each(store),
  )
}

/**
 * One block of a matmul: `block(a, b, c, bias, m, n, k, lda, ldb, ldc, isFirst, isLast)`, the ld in bytes. C is set where isFirst
 * (to the bias, where there is one), else added to; the activation is applied where isLast. Blocks of 4 x 8 sums; the rest of the
 * columns in vectors whose last lanes are not stored, the rest of the rows in wider blocks of fewer rows.
 */
export const matmulBlock = (ar: Arithmetic, layout: BlockLayout, epilogue: BlockEpilogue): Func =>
  func(
    `matmul block ${layout.a} ${layout.b}`,
    [...(['a', 'b', 'c', 'bias', 'm', 'n', 'k', 'lda', 'ldb', 'ldc', 'isFirst', 'isLast'] as const).map(name => [name, 'i32'] as const)],
    (...locals) => {
      const [a, b, c, bias, m, n, k, lda, ldb, ldc, isFirst, isLast] = locals as ReadonlyArray<Local<'i32'>> as Twelve
      const operands = { lda, ldb, ldc, bias, k, isFirst, isLast }
      const [i, j] = [local('i32', 'i'), local('i32', 'j')]
      const aAt = (): Expr<'i32'> =>
        layout.a === 'rows'
          ? at(get(a), i32.mul(get(i), get(lda)))
          : layout.a === 'columns'
            ? at(get(a), i32.shl(get(i), 2))
            : at(get(a), i32.mul(i32.shl(get(i), 2), get(k)))
      const bAt = (): Expr<'i32'> =>
        layout.b === 'rows'
          ? at(get(b), i32.shl(get(j), 2))
          : at(get(b), i32.mul(i32.shl(i32.shrU(get(j), 3), 5), get(k)), i32.shl(i32.and(get(j), 4), 2))
      const place = {
        a: aAt(),
        b: bAt(),
        c: at(get(c), i32.mul(get(i), get(ldc)), i32.shl(get(j), 2)),
        bias: at(get(bias), i32.shl(get(j), 2)),
      }
      const left = (total: Local<'i32'>, done: Local<'i32'>): Expr<'i32'> => i32.sub(get(total), get(done))
      const tile = (rows: number, vectors: number): Stmt => micro(ar, layout, epilogue, operands, rows, vectors, place)
      const edge = (rows: number): Stmt =>
        micro(ar, layout, epilogue, operands, rows, 1, { ...place, columns: share(least(left(n, j), 4)) })
      const overRows = (body: Stmt): Stmt =>
        seq(
          set(i, 0),
          whileTrue(() => i32.geS(left(m, i), 4), seq(body, bump(i, 4))),
        )
      const overColumns = (vectors: number, full: Stmt, rest: Stmt): Stmt =>
        seq(
          set(j, 0),
          whileTrue(() => i32.geS(left(n, j), 4 * vectors), seq(full, bump(j, 4 * vectors))),
          whileTrue(() => i32.gtS(left(n, j), 0), seq(rest, bump(j, 4))),
        )
      const lastRows = (rows: number, vectors: number): Stmt =>
        when(i32.eq(left(m, i), rows), overColumns(vectors, tile(rows, vectors), edge(rows)))
      const wide = layout.b === 'rows'
      return seq(
        when(i32.geS(get(m), 4), overColumns(2, overRows(tile(4, 2)), overRows(edge(4)))),
        set(i, i32.and(get(m), -4)),
        lastRows(1, wide ? 8 : 2),
        lastRows(2, wide ? 4 : 2),
        lastRows(3, 2),
      )
    },
  )

type L = Local<'i32'>
type Twelve = readonly [L, L, L, L, L, L, L, L, L, L, L, L]
