import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, invoke, local, seq, set, share, when } from '../asm/control.ts'
import { bump, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { shared } from './epilogue.ts'
import type { MatmulMask } from './matmul-mask.ts'
import { epilogueWords, strip, stripNames } from './matmul-strip.ts'
import type { BlockEpilogue, BlockLayout } from './matmul-strip.ts'
import { at, least, storeLanes, within } from './parts.ts'

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
  'gate',
  'sums',
  'ranges',
  'from',
  'bits',
  'bitsStep',
] as const
type Locals = { readonly [K in (typeof names)[number]]: Local<'i32'> }

/** The last arguments of a block without a mask. */
export const unmasked: ReadonlyArray<number> = [0, 0, 0, 0]

/** What tiles of 4 x 8 leave: so many rows, and columns for one vector or two. A block leaves out the code for what is not there. */
export interface Rests {
  readonly rows: 0 | 1 | 2 | 3
  readonly vectors: 0 | 1 | 2
}

/** The rests of results of m rows and n columns, and of all parts of them that begin at a multiple of 8. */
export const restsOf = (m: number, n: number): Rests => ({
  rows: (m & 3) as Rests['rows'], // by the bits
  vectors: (((n & 7) + 3) >> 2) as Rests['vectors'],
})

/**
 * One block of a matmul with these rests: `block(a, b, c, bias, m, n, k, lda, ldb, ldc, isFirst, isLast, gate, sums, ranges, from, bits, bitsStep)`, the ld in bytes.
 * C is set where isFirst (to the bias, where there is one), else added to; the activation is applied where isLast. Tiles of 4 x 8 sums;
 * the rest of the columns in one vector or two, the last lanes of which are not stored, the rest of the rows in wider tiles of fewer rows. A matrix that
 * gates the result lies `gate` bytes behind C, with rows as far apart, and the sums of its columns at `sums` grow by those of this block.
 *
 * With a mask `ranges` holds the first and the end row of each panel of 8 columns, counted from `from` before this block: of B the part
 * of k that is summed, of C the rows that are computed, the others being zero. Of C the words of `maskTable` lie at `bits`, `bitsStep`
 * bytes from panel to panel.
 */
export const matmulBlock = (
  ar: Arithmetic,
  layout: BlockLayout,
  epilogue: BlockEpilogue,
  rests: Rests,
  mask?: MatmulMask['over'],
): Func => {
  const words = [...epilogueWords(ar, layout, epilogue), ...(mask === undefined ? [] : [`mask ${mask}`])]
  const name = ['matmul block', ...words, `rest ${rests.rows} x ${rests.vectors}`].join(' ')
  return shared(name, () => blockOf(name, ar, layout, epilogue, rests, mask))
}

const blockOf = (
  name: string,
  ar: Arithmetic,
  layout: BlockLayout,
  epilogue: BlockEpilogue,
  rests: Rests,
  mask: MatmulMask['over'] | undefined,
): Func =>
  func(
    name,
    names.map(name => [name, 'i32'] as const),
    (...locals) => {
      const x = Object.fromEntries(names.map((name, i) => [name, locals[i]])) as Locals // one local for each name
      const [i, j, end] = [local('i32', 'i'), local('i32', 'j'), local('i32', 'end')]
      const [start, count] = [local('i32', 'start'), local('i32', 'count')]
      const [panel, half] = [i32.shrU(get(j), 3), i32.and(get(j), 4)]
      const whole = i32.and(get(x.m), -4)
      const left = i32.sub(get(x.n), get(j))
      const stepA = layout.a === 'rows' ? i32.const(4) : layout.a === 'tiles' ? i32.const(16) : get(x.lda)
      const stepB = layout.b === 'panels' ? i32.const(32) : get(x.ldb)
      const aRow = layout.a === 'rows' ? get(x.lda) : layout.a === 'tiles' ? i32.shl(get(x.k), 2) : i32.const(4)
      const a = at(get(x.a), i32.mul(get(i), aRow))
      const b =
        layout.b === 'rows' ? at(get(x.b), i32.shl(get(j), 2)) : at(get(x.b), i32.mul(i32.shl(panel, 5), get(x.k)), i32.shl(half, 2))
      const c = at(get(x.c), i32.mul(get(i), get(x.ldc)), i32.shl(get(j), 2))
      const isMasked = mask === 'c'

      const run = (rows: number, vectors: number, isEdge: boolean): Stmt => {
        const values: { readonly [K in (typeof stripNames)[number]]: Expr<'i32'> } = {
          a: mask === 'b' ? at(a, i32.mul(get(start), stepA)) : a,
          b: mask === 'b' ? at(b, i32.mul(get(start), stepB)) : b,
          c,
          bias: at(get(x.bias), i32.shl(get(j), 2)),
          rows: i32.sub(get(end), get(i)),
          k: mask === 'b' ? get(count) : get(x.k),
          aStep: i32.mul(aRow, rows),
          lda: get(x.lda),
          ldb: get(x.ldb),
          ldc: get(x.ldc),
          isFirst: get(x.isFirst),
          isLast: get(x.isLast),
          gate: get(x.gate),
          sums: at(get(x.sums), i32.shl(get(j), 2)),
          columns: least(i32.sub(left, 4 * (vectors - 1)), 4),
          words: isMasked ? at(get(x.bits), i32.mul(panel, get(x.bitsStep)), get(i)) : i32.const(0),
          half,
        }
        return invoke(strip(ar, layout, { ...epilogue, isMasked }, rows, vectors, isEdge), ...stripNames.map(name => values[name]))
      }

      const ranges = share(at(get(x.ranges), i32.shl(panel, 3)))
      const rangeOf = (first: Local<'i32'>, last: Local<'i32'>, size: Expr<'i32'>): Stmt =>
        seq(
          set(first, within(i32.sub(i32.load(ranges), get(x.from)), size)),
          set(last, within(i32.sub(i32.load(ranges, 4), get(x.from)), size)),
        )
      const ofK = mask === 'b' ? seq(rangeOf(start, count, get(x.k)), set(count, i32.sub(get(count), get(start)))) : seq()
      const zeros = (vectors: number, isEdge: boolean, to: Expr<'i32'>): Stmt => {
        const last = 4 * (vectors - 1)
        const one = seq(
          ...(vectors === 2 ? [v128.store(c, f32x4.const(0))] : []),
          isEdge
            ? storeLanes(i32.add(c, 4 * last), f32x4.const(0), least(i32.sub(left, last), 4))
            : v128.store(c, f32x4.const(0), 4 * last),
        )
        return when(
          get(x.isLast),
          whileTrue(() => i32.ltS(get(i), to), seq(one, bump(i, 1))),
        )
      }
      const tall = (vectors: number, isEdge: boolean): Stmt =>
        isMasked
          ? seq(
              rangeOf(start, end, whole),
              set(i, 0),
              zeros(vectors, isEdge, get(start)),
              set(i, get(start)),
              run(4, vectors, isEdge),
              set(i, get(end)),
              zeros(vectors, isEdge, whole),
            )
          : seq(ofK, set(i, 0), set(end, whole), run(4, vectors, isEdge))
      const low = (rows: number, vectors: number, isEdge: boolean): Stmt => seq(ofK, run(rows, vectors, isEdge))
      const overColumns = (vectors: number, edges: number, tile: (vectors: number, isEdge: boolean) => Stmt): Stmt =>
        seq(
          set(j, 0),
          whileTrue(() => i32.geS(left, 4 * vectors), seq(tile(vectors, false), bump(j, 4 * vectors))),
          ...(edges === 0 ? [] : [whileTrue(() => i32.gtS(left, 0), seq(tile(edges, true), bump(j, 4 * edges)))]),
        )
      const isWide = layout.b === 'rows' && mask === undefined
      const widths = [0, isWide ? 8 : 2, isWide ? 4 : 2, 2]
      const width = widths[rests.rows]!
      const lastRows = when(
        i32.and(get(x.m), 3),
        seq(
          set(i, whole),
          set(end, get(x.m)),
          overColumns(width, width === 2 && rests.vectors === 0 ? 0 : 1, (vectors, isEdge) => low(rests.rows, vectors, isEdge)),
        ),
      )
      return seq(when(i32.geS(get(x.m), 4), overColumns(2, rests.vectors, tall)), ...(rests.rows === 0 ? [] : [lastRows]))
    },
  )
