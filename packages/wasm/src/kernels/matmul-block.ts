import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { MatmulMask } from './matmul-mask.ts'
import { micro } from './matmul-micro.ts'
import type { BlockEpilogue, BlockLayout, Place } from './matmul-micro.ts'
import { at, least, storeLanes } from './parts.ts'

const names = [
  'a',
  'b',
  'c',
  'bias',
  'm',
  'n',
  'k',
  'lda',
  'ldb',
  'ldc',
  'isFirst',
  'isLast',
  'ranges',
  'from',
  'bits',
  'bitsStep',
] as const
type Locals = { readonly [K in (typeof names)[number]]: Local<'i32'> }

/** The last arguments of a block without a mask. */
export const unmasked: ReadonlyArray<number> = [0, 0, 0, 0]

/** Not below 0 and not above `most`. */
const within = (x: Expr<'i32'>, most: Expr<'i32'>): Expr<'i32'> => {
  const value = share(x)
  return least(i32.and(value, i32.xor(i32.shrS(value, 31), -1)), most)
}

/** The lanes of row `row` of a tile in half `half` of a panel that the tile's word of bits keeps. */
const kept = (word: Expr<'i32'>, row: number, half: number): Vec => {
  const bits = i32x4.const(1, 2, 4, 8)
  return i32x4.eq(v128.and(i32x4.splat(i32.shrU(word, 8 * row + 4 * half)), bits), bits)
}

/**
 * One block of a matmul: `block(a, b, c, bias, m, n, k, lda, ldb, ldc, isFirst, isLast, ranges, from, bits, bitsStep)`, the ld in bytes.
 * C is set where isFirst (to the bias, where there is one), else added to; the activation is applied where isLast. Blocks of 4 x 8 sums;
 * the rest of the columns in vectors whose last lanes are not stored, the rest of the rows in wider blocks of fewer rows.
 *
 * With a mask `ranges` holds the first and the end row of each panel of 8 columns, counted from `from` before this block: of B the part
 * of k that is summed, of C the rows that are computed, the others being zero. Of C the words of `maskTable` lie at `bits`, `bitsStep`
 * bytes from panel to panel.
 */
export const matmulBlock = (ar: Arithmetic, layout: BlockLayout, epilogue: BlockEpilogue, mask?: MatmulMask['over']): Func =>
  func(
    `matmul block ${layout.a} ${layout.b}${mask === undefined ? '' : ` mask ${mask}`}`,
    names.map(name => [name, 'i32'] as const),
    (...locals) => {
      const x = Object.fromEntries(names.map((name, i) => [name, locals[i]])) as Locals // one local for each name
      const [i, j] = [local('i32', 'i'), local('i32', 'j')]
      const [first, end, word] = [local('i32', 'first'), local('i32', 'end'), local('i32', 'word')]
      const panel = i32.shrU(get(j), 3)
      const left = (total: Local<'i32'>, done: Local<'i32'>): Expr<'i32'> => i32.sub(get(total), get(done))
      const a =
        layout.a === 'rows'
          ? at(get(x.a), i32.mul(get(i), get(x.lda)))
          : layout.a === 'columns'
            ? at(get(x.a), i32.shl(get(i), 2))
            : at(get(x.a), i32.mul(i32.shl(get(i), 2), get(x.k)))
      const b =
        layout.b === 'rows'
          ? at(get(x.b), i32.shl(get(j), 2))
          : at(get(x.b), i32.mul(i32.shl(panel, 5), get(x.k)), i32.shl(i32.and(get(j), 4), 2))
      const place: Place = {
        a,
        b,
        c: at(get(x.c), i32.mul(get(i), get(x.ldc)), i32.shl(get(j), 2)),
        bias: at(get(x.bias), i32.shl(get(j), 2)),
        ...(mask === 'b' ? { start: first, count: end } : { count: x.k }),
      }
      const tile = (rows: number, vectors: number, part: Partial<Place> = {}): Stmt =>
        micro(ar, layout, epilogue, x, rows, vectors, { ...place, ...part }, 1)
      const isHalf = (): Expr<'i32'> => i32.and(get(j), 4)
      const full = (rows: number, vectors: number): Stmt =>
        mask !== 'c' ? tile(rows, vectors) : seq(readWord(), tile(rows, vectors, { keep: (r, v) => kept(get(word), r, v) }))
      const edge = (rows: number): Stmt => {
        const columns = share(least(left(x.n, j), 4))
        return mask !== 'c' ? tile(rows, 1, { columns }) : seq(readWord(), tile(rows, 1, { columns, keep: r => kept(get(word), r, 0) }))
      }
      const readWord = (): Stmt => {
        const there = at(get(x.bits), i32.mul(panel, get(x.bitsStep)), i32.and(get(i), -4))
        return set(word, i32.shrU(i32.load(there), isHalf()))
      }

      const range = (size: Local<'i32'>): Stmt => {
        const there = share(at(get(x.ranges), i32.shl(panel, 3)))
        return seq(
          set(first, within(i32.sub(i32.load(there), get(x.from)), get(size))),
          set(end, within(i32.sub(i32.load(there, 4), get(x.from)), get(size))),
        )
      }
      const zeros = (columns: 4 | 8, to: Expr<'i32'>): Stmt => {
        const one =
          columns === 8
            ? seq(v128.store(place.c, f32x4.const(0)), v128.store(place.c, f32x4.const(0), 16))
            : storeLanes(place.c, f32x4.const(0), least(left(x.n, j), 4))
        return whileTrue(() => i32.ltS(get(i), to), seq(one, bump(i, 1)))
      }
      const overRows = (columns: 4 | 8, body: Stmt): Stmt => {
        const rows = (size: Local<'i32'>): Stmt => whileTrue(() => i32.geS(left(size, i), 4), seq(body, bump(i, 4)))
        if (mask === 'b') return seq(range(x.k), set(end, i32.sub(get(end), get(first))), set(i, 0), rows(x.m))
        if (mask !== 'c') return seq(set(i, 0), rows(x.m))
        const skip = when(get(x.isLast), zeros(columns, i32.and(get(first), -4)), set(i, i32.and(get(first), -4)))
        return seq(range(x.m), set(i, 0), skip, rows(end), when(get(x.isLast), zeros(columns, i32.and(get(x.m), -4))))
      }
      const overColumns = (vectors: number, whole: Stmt, rest: Stmt): Stmt =>
        seq(
          set(j, 0),
          whileTrue(() => i32.geS(left(x.n, j), 4 * vectors), seq(whole, bump(j, 4 * vectors))),
          whileTrue(() => i32.gtS(left(x.n, j), 0), seq(rest, bump(j, 4))),
        )
      const ofPanel = mask === 'b' ? seq(range(x.k), set(end, i32.sub(get(end), get(first)))) : seq()
      const lastRows = (rows: number, vectors: number): Stmt =>
        when(i32.eq(left(x.m, i), rows), overColumns(vectors, seq(ofPanel, full(rows, vectors)), seq(ofPanel, edge(rows))))
      const isWide = layout.b === 'rows' && mask === undefined
      return seq(
        when(i32.geS(get(x.m), 4), overColumns(2, overRows(8, full(4, 2)), overRows(4, edge(4)))),
        set(i, i32.and(get(x.m), -4)),
        lastRows(1, isWide ? 8 : 2),
        lastRows(2, isWide ? 4 : 2),
        lastRows(3, 2),
      )
    },
  )
