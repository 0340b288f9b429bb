import type { Expr, Func, Label, Local, Stmt } from '../asm/code.ts'
import { block, brIf, func, get, local, loop, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { UnaryMath } from '../math/functions.ts'
import { activationCode, shared } from './epilogue.ts'
import { storeLanes } from './parts.ts'

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
  /** C may hold a part of the sum, where a block is not the first. */
  readonly adds: boolean
  readonly activation: UnaryMath | undefined
  /** Where another matrix is not above 0, the result becomes 0. */
  readonly isGated?: boolean
  /** The sums of the columns are added to others. */
  readonly isSummed?: boolean
  /** Words of bits say which results stay; the others become zero. */
  readonly isMasked?: boolean
}

/** The parameters of a strip. */
export const stripNames = [
  'a',
  'b',
  'c',
  'bias',
  'rows',
  'k',
  'aStep',
  'lda',
  'ldb',
  'ldc',
  'isFirst',
  'isLast',
  'gate',
  'sums',
  'columns',
  'words',
  'half',
] as const
type Locals = { readonly [K in (typeof stripNames)[number]]: Local<'i32'> }

/**
 * Addresses of one step along k: constant distances are offsets, others are added before each step. They begin one round too low: V8
 * knows that a sum has no upper half, and a loop variable that is an address itself takes a second register.
 */
interface Stride {
  readonly offset: (step: number) => number
  readonly before: Stmt
  readonly beforeAll: Stmt
  readonly first: Expr<'i32'>
}
const strideOf = (pointers: ReadonlyArray<Local<'i32'>>, bytes: number | Local<'i32'>, unroll: number): Stride =>
  typeof bytes === 'number'
    ? {
        offset: step => bytes * step,
        before: seq(),
        beforeAll: seq(...pointers.map(p => bump(p, bytes * unroll))),
        first: i32.const(bytes * unroll),
      }
    : { offset: () => 0, before: seq(...pointers.map(p => bump(p, get(bytes)))), beforeAll: seq(), first: get(bytes) }

const times = <A>(count: number, f: (i: number) => A): ReadonlyArray<A> => Array.from({ length: count }, (_, i) => f(i))

/** Adds the products of all k to the sums, `unroll` steps in each round; k is not 0. */
const products = (
  ar: Arithmetic,
  layout: BlockLayout,
  x: Locals,
  sums: ReadonlyArray<ReadonlyArray<Local<'v128'>>>,
  unroll: number,
): Stmt => {
  const aPointers = layout.a === 'rows' ? sums.map(() => local('i32', 'a')) : [local('i32', 'a')]
  const [b, left] = [local('i32', 'b'), local('i32', 'left')]
  const strideA = strideOf(aPointers, layout.a === 'rows' ? 4 : layout.a === 'tiles' ? 16 : x.lda, unroll)
  const strideB = strideOf([b], layout.b === 'panels' ? 32 : x.ldb, unroll)
  const aAt = (i: number, step: number): Vec =>
    layout.a === 'rows'
      ? v128.load32Splat(get(aPointers[i]!), strideA.offset(step))
      : v128.load32Splat(get(aPointers[0]!), strideA.offset(step) + 4 * i)
  const step = (s: number): Stmt => {
    const bs = sums[0]!.map((_, j) => share(v128.load(get(b), strideB.offset(s) + 16 * j)))
    const row = (i: number): Stmt => {
      const a = share(aAt(i, s))
      return seq(...sums[i]!.map((sum, j) => set(sum, ar.madd(a, bs[j]!, get(sum)))))
    }
    return seq(...times(sums.length, row))
  }
  // V8's TurboFan moves the loads of a basic block before its products, and with several steps in one the sums leave the registers: a
  // way out after each step keeps the steps apart
  const round = (out: Label): Stmt =>
    seq(
      strideA.beforeAll,
      strideB.beforeAll,
      ...times(unroll, s =>
        seq(strideA.before, strideB.before, step(s), ...(s === unroll - 1 ? [] : [brIf(out, i32.eq(get(left), s + 1))])),
      ),
    )
  return seq(
    ...aPointers.map((p, i) => set(p, i === 0 ? i32.sub(get(x.a), strideA.first) : i32.add(get(aPointers[i - 1]!), get(x.lda)))),
    set(b, i32.sub(get(x.b), strideB.first)),
    set(left, get(x.k)),
    block(out => loop(again => seq(round(out), bump(left, -unroll), brIf(again, get(left))))),
  )
}

/** The lanes of row `row` of a tile that the word of bits keeps, in half `half` of its 8 columns. */
const kept = (word: Expr<'i32'>, row: number, half: number): Vec => {
  const bits = i32x4.const(1, 2, 4, 8)
  return i32x4.eq(v128.and(i32x4.splat(i32.shrU(word, 8 * row + 4 * half)), bits), bits)
}

/**
 * Tiles of `rows` x 4 `vectors` results below one another, while so many of x.rows are left: all sums of a tile stay in registers.
 * A lies `aStep` bytes from tile to tile. With `isEdge` only x.columns of the last vector are stored. C is set where isFirst (to the bias,
 * where there is one), else added to; the epilogue is applied where isLast. The matrix that gates C lies x.gate bytes behind it, and the sums of
 * these columns at x.sums. With masked results, the tile's word of bits lies at
 * x.words, and x.half is 4 in the second half of a panel.
 */
export const strip = (
  ar: Arithmetic,
  layout: BlockLayout,
  epilogue: BlockEpilogue,
  rows: number,
  vectors: number,
  isEdge: boolean,
): Func => {
  const size = `${rows} x ${4 * vectors}${isEdge ? ' edge' : ''}`
  const name = ['matmul', size, ...epilogueWords(ar, layout, epilogue)].join(' ')
  return shared(name, () => stripOf(name, ar, layout, epilogue, rows, vectors, isEdge))
}

/** What tells functions of different layouts and epilogues apart. */
export const epilogueWords = (
  ar: Arithmetic,
  layout: BlockLayout,
  { bias, adds, activation, isGated, isSummed, isMasked }: BlockEpilogue,
): ReadonlyArray<string> => [
  layout.a,
  layout.b,
  ...(bias ? ['bias'] : []),
  ...(adds ? ['adds'] : []),
  ...(activation === undefined ? [] : [activation]),
  ...(isGated ? ['gated'] : []),
  ...(isSummed ? ['summed'] : []),
  ...(isMasked ? ['masked'] : []),
  ar.name,
]

const stripOf = (
  name: string,
  ar: Arithmetic,
  layout: BlockLayout,
  { bias, adds, activation, isGated, isSummed, isMasked }: BlockEpilogue,
  rows: number,
  vectors: number,
  isEdge: boolean,
): Func =>
  func(
    name,
    stripNames.map(name => [name, 'i32'] as const),
    (...locals) => {
      const x = Object.fromEntries(stripNames.map((name, i) => [name, locals[i]])) as Locals // one local for each name
      const sums = times(rows, () => times(vectors, () => local('v128', 'sum')))
      const c = local('i32', 'c')
      const word = local('i32', 'word')
      const activate = activationCode(activation, ar)
      const each = (f: (sum: Local<'v128'>, i: number, j: number) => Stmt): Stmt =>
        seq(...sums.flatMap((row, i) => row.map((sum, j) => f(sum, i, j))))
      const store = (sum: Local<'v128'>, j: number): Stmt =>
        isEdge && j === vectors - 1 ? storeLanes(i32.add(get(c), 16 * j), get(sum), get(x.columns)) : v128.store(get(c), get(sum), 16 * j)
      const finish = (sum: Local<'v128'>, i: number, j: number): Stmt => {
        const value = activate(get(sum))
        return set(sum, isMasked ? v128.and(value, kept(get(word), i, j)) : value)
      }
      const zeros = each(sum => set(sum, f32x4.const(0)))
      const biases = each((sum, _, j) => set(sum, v128.load(get(x.bias), 16 * j)))
      const start = !bias ? zeros : adds ? when(get(x.isFirst), biases, zeros) : biases
      // What is there is added last: rounding then grows with the depth of a block, not with that of the whole product
      const addition = seq(
        set(c, get(x.c)),
        ...sums.map(row => seq(...row.map((sum, j) => set(sum, f32x4.add(v128.load(get(c), 16 * j), get(sum)))), bump(c, get(x.ldc)))),
      )
      const unroll = layout.a === 'rows' && rows === 4 && vectors === 2 ? 4 : 1
      const gating = seq(
        set(c, i32.add(get(x.c), get(x.gate))),
        ...sums.map(row =>
          seq(
            ...row.map((sum, j) => set(sum, v128.and(get(sum), f32x4.gt(v128.load(get(c), 16 * j), f32x4.const(0))))),
            bump(c, get(x.ldc)),
          ),
        ),
      )
      const pairwise = (terms: ReadonlyArray<Vec>): Vec =>
        terms.length === 1 ? terms[0]! : f32x4.add(pairwise(terms.slice(0, terms.length >> 1)), pairwise(terms.slice(terms.length >> 1)))
      // in memory from tile to tile: in registers they would push out the sums of products
      const total = (j: number): Stmt => {
        const sum = f32x4.add(v128.load(get(x.sums), 16 * j), pairwise(sums.map(row => get(row[j]!))))
        return isEdge && j === vectors - 1
          ? storeLanes(i32.add(get(x.sums), 16 * j), sum, get(x.columns))
          : v128.store(get(x.sums), sum, 16 * j)
      }
      const summing = seq(...times(isSummed ? vectors : 0, total))
      return whileTrue(
        () => i32.geS(get(x.rows), rows),
        seq(
          start,
          when(get(x.k), products(ar, layout, x, sums, unroll)),
          ...(adds ? [when(i32.eqz(get(x.isFirst)), addition)] : []),
          ...(isMasked ? [set(word, i32.shrU(i32.load(get(x.words)), get(x.half))), bump(x.words, 4)] : []),
          when(get(x.isLast), each(finish)),
          ...(isGated ? [when(get(x.isLast), seq(gating, summing))] : []),
          // From the last row up: else V8 keeps the addresses of all rows in registers during the sums
          bump(x.c, i32.mul(get(x.ldc), rows)),
          set(c, get(x.c)),
          ...sums.toReversed().map(row => seq(set(c, i32.sub(get(c), get(x.ldc))), ...row.map(store))),
          bump(x.a, get(x.aStep)),
          bump(x.rows, -rows),
        ),
      )
    },
  )
