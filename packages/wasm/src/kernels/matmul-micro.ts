import type { Expr, Local, Stmt } from '../asm/code.ts'
import { block, brIf, get, local, loop, seq, set, share, when } from '../asm/control.ts'
import { bump } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { at, storeLanes } from './parts.ts'

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

/** What all parts of a block share: bytes from row to row, and which block of k it is. */
export interface Operands {
  readonly lda: Local<'i32'>
  readonly ldb: Local<'i32'>
  readonly ldc: Local<'i32'>
  readonly isFirst: Local<'i32'>
  readonly isLast: Local<'i32'>
}

/** Where one set of sums finds its operands. */
export interface Place {
  readonly a: Expr<'i32'>
  readonly b: Expr<'i32'>
  readonly c: Expr<'i32'>
  readonly bias: Expr<'i32'>
  /** The part of k: where it starts (0 unless said) and how many. */
  readonly start?: Local<'i32'>
  readonly count: Local<'i32'>
  /** Only so many of the last vector's lanes are stored. */
  readonly columns?: Expr<'i32'>
  /** All ones in the lanes of row i and vector j that are kept; the others become zero. */
  readonly keep?: (i: number, j: number) => Vec
}

/** Addresses of one step along k: constant distances are offsets, others are added after each step. */
interface Stride {
  readonly offset: (step: number) => number
  readonly after: Stmt
  readonly afterAll: (steps: number) => Stmt
}
const nothing = seq()
const strideOf = (pointers: ReadonlyArray<Local<'i32'>>, bytes: number | Local<'i32'>): Stride =>
  typeof bytes === 'number'
    ? { offset: step => bytes * step, after: nothing, afterAll: steps => seq(...pointers.map(p => bump(p, bytes * steps))) }
    : { offset: () => 0, after: seq(...pointers.map(p => bump(p, get(bytes)))), afterAll: () => nothing }

const times = <A>(count: number, f: (i: number) => A): ReadonlyArray<A> => Array.from({ length: count }, (_, i) => f(i))

/** C[rows, 4 vectors] from the first row and column of A, B and C: all sums stay in registers, `unroll` steps of k in each round. */
export const micro = (
  ar: Arithmetic,
  layout: BlockLayout,
  { bias, activation }: BlockEpilogue,
  { lda, ldb, ldc, isFirst, isLast }: Operands,
  rows: number,
  vectors: number,
  place: Place,
  unroll: number,
): Stmt => {
  const sums = times(rows, () => times(vectors, () => local('v128', 'sum')))
  const aPointers = times(layout.a === 'rows' ? rows : 1, () => local('i32', 'a'))
  const [b, c, left] = [local('i32', 'b'), local('i32', 'c'), local('i32', 'left')]
  const each = (f: (sum: Local<'v128'>, i: number, j: number) => Stmt): Stmt =>
    seq(...sums.flatMap((row, i) => row.map((sum, j) => f(sum, i, j))))

  const strideA = strideOf(aPointers, layout.a === 'rows' ? 4 : layout.a === 'tiles' ? 16 : lda)
  const strideB = strideOf([b], layout.b === 'panels' ? 32 : ldb)
  const aAt = (i: number, step: number): Vec =>
    layout.a === 'rows'
      ? v128.load32Splat(get(aPointers[i]!), strideA.offset(step))
      : v128.load32Splat(get(aPointers[0]!), strideA.offset(step) + 4 * i)
  const step = (s: number): Stmt => {
    const bs = times(vectors, j => share(v128.load(get(b), strideB.offset(s) + 16 * j)))
    const products = times(rows, i => {
      const a = share(aAt(i, s))
      return seq(...times(vectors, j => set(sums[i]![j]!, ar.madd(a, bs[j]!, get(sums[i]![j]!)))))
    })
    return seq(...products, strideA.after, strideB.after)
  }
  // V8's TurboFan moves the loads of a whole block of code before its products, and the sums then leave the registers: a way out after
  // each step keeps the steps apart
  const steps = block(out =>
    loop(again =>
      seq(
        ...times(unroll, s => (s === unroll - 1 ? step(s) : seq(step(s), brIf(out, i32.eq(get(left), s + 1))))),
        strideA.afterAll(unroll),
        strideB.afterAll(unroll),
        bump(left, -unroll),
        brIf(again, get(left)),
      ),
    ),
  )
  const from = (stride: number | Local<'i32'>): ReadonlyArray<Expr<'i32'>> =>
    place.start === undefined ? [] : [i32.mul(get(place.start), typeof stride === 'number' ? stride : get(stride))]
  const fromA = from(layout.a === 'rows' ? 4 : layout.a === 'tiles' ? 16 : lda)
  const fromB = from(layout.b === 'panels' ? 32 : ldb)
  const rowOf = (pointer: Expr<'i32'>, i: number, bytes: Local<'i32'>): Expr<'i32'> =>
    i === 0 ? pointer : at(pointer, i === 1 ? get(bytes) : i32.mul(get(bytes), i))
  const store = (sum: Local<'v128'>, i: number, j: number): Stmt => {
    const row = rowOf(get(c), i, ldc)
    return place.columns !== undefined && j === vectors - 1
      ? storeLanes(at(row, 16 * j), get(sum), place.columns)
      : v128.store(row, get(sum), 16 * j)
  }
  const { keep } = place
  const finish = (sum: Local<'v128'>, i: number, j: number): Stmt => {
    const value = activation(get(sum))
    return set(sum, keep === undefined ? value : v128.and(value, keep(i, j)))
  }
  return seq(
    ...aPointers.map((p, i) => set(p, at(rowOf(place.a, i, lda), ...fromA))),
    set(b, at(place.b, ...fromB)),
    set(c, place.c),
    each(sum => set(sum, f32x4.const(0))),
    bias
      ? when(
          get(isFirst),
          each((sum, _, j) => set(sum, v128.load(place.bias, 16 * j))),
        )
      : seq(),
    set(left, get(place.count)),
    when(get(left), steps),
    // what is there is added last: the error then grows with the depth of a block rather than with k
    when(
      i32.eqz(get(isFirst)),
      each((sum, i, j) => set(sum, f32x4.add(v128.load(rowOf(get(c), i, ldc), 16 * j), get(sum)))),
    ),
    when(get(isLast), each(finish)),
    each(store),
  )
}
