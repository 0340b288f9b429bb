import type { Expr, I32, Local, Stmt } from '../asm/code.ts'
import { brIf, get, invoke, local, loop, seq, set } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32, index } from '../asm/scalar.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { matmulBlock, restsOf, unmasked } from './matmul-block.ts'
import type { MatmulMask } from './matmul-mask.ts'
import type { BlockEpilogue, BlockLayout } from './matmul-strip.ts'
import { packColumns, packRows } from './matmul-pack.ts'
import { constant } from './matmul-structure.ts'
import type { Arguments, MatmulSizes, MatmulStructure, Strategy } from './matmul-structure.ts'
import { at, least } from './parts.ts'

/** Blocks of the packed form, in numbers: B in panels of `k` x `n`, A in tiles of `m` x `k`. Multiples of 8. */
const cache = { m: 128, n: 512, k: 512 }
type Over = MatmulMask['over'] | undefined

const panelsOf = (n: Local<'i32'>): Expr<'i32'> => i32.shrU(i32.add(get(n), 7), 3)
const fours = (m: Local<'i32'>): Expr<'i32'> => i32.and(i32.add(get(m), 3), -4)

/**
 * The arguments of a block with a mask: its ranges, and of a mask over C the bits, for the block whose first column is `j` and whose
 * first row of the masked matrix is `from`.
 */
const maskArguments = (over: Over, x: Arguments, j: I32, from: I32): ReadonlyArray<Expr<'i32'> | number> => {
  if (over === undefined) return unmasked
  const first = i32.shrU(index(j), 3)
  const ranges = at(get(x.table), i32.shl(first, 3))
  if (over === 'b') return [ranges, index(from), 0, 0]
  const bits = at(get(x.table), i32.shl(panelsOf(x.n), 3), i32.mul(first, fours(x.m)), from)
  return [ranges, index(from), bits, fours(x.m)]
}

const epilogueOf = (s: MatmulStructure, adds: boolean): BlockEpilogue => ({
  bias: s.bias === true,
  adds,
  activation: s.activation,
  isGated: s.gate === true,
  isSummed: s.sums === true,
})

/** How far behind C the matrix lies that gates it. */
const gateOf = (x: Arguments): Expr<'i32'> => i32.sub(get(x.gate), get(x.c))

/** B as it lies. */
export const direct = (ar: Arithmetic, s: MatmulStructure, { m, n }: MatmulSizes, over: Over): Strategy => {
  const layout: BlockLayout = { a: s.transposeA ? 'columns' : 'rows', b: 'rows' }
  const block = matmulBlock(ar, layout, epilogueOf(s, s.accumulate === true), restsOf(m, n), over)
  return {
    scratch: 0,
    code: x =>
      invoke(
        block,
        ...[x.a, x.b, x.c, x.bias, x.m, x.n, x.k, x.lda, x.ldb, x.ldc].map(get),
        constant(!s.accumulate),
        constant(true),
        gateOf(x),
        get(x.sums),
        ...maskArguments(over, x, 0, 0),
      ),
  }
}

/** B in panels, and A in tiles or its rows as they lie, block after block of the size of the caches. */
export const packed = (ar: Arithmetic, s: MatmulStructure, sizes: MatmulSizes, a: 'rows' | 'tiles', over: Over): Strategy => {
  const layout: BlockLayout = { a, b: 'panels' }
  const hasTiles = a === 'tiles'
  const packA = s.transposeA ? packRows(4) : packColumns(4)
  const block = matmulBlock(ar, layout, epilogueOf(s, true), restsOf(sizes.m, sizes.n), over)
  const packB = s.transposeB ? packColumns(8, over === 'b') : packRows(8, over === 'b')
  const most = (size: number, limit: number, to: number): number => Math.ceil(Math.min(size, limit) / to) * to
  const tileBytes = hasTiles ? 4 * most(sizes.k, cache.k, 4) * most(sizes.m, cache.m, 4) + 64 : 0
  return {
    scratch: tileBytes + 4 * most(sizes.k, cache.k, 4) * most(sizes.n, cache.n, 8) + 128,
    code: x => {
      const [i, j, l] = [local('i32', 'i'), local('i32', 'j'), local('i32', 'l')]
      const [rows, columns, depth] = [local('i32', 'rows'), local('i32', 'columns'), local('i32', 'depth')]
      const part = (total: Local<'i32'>, done: Local<'i32'>, size: number): Expr<'i32'> => least(i32.sub(get(total), get(done)), size)
      const bytes = (count: Local<'i32'>): Expr<'i32'> => i32.shl(get(count), 2)
      const tiles = get(x.scratch)
      const panels = local('i32', 'panels')
      const aAt = s.transposeA ? at(get(x.a), i32.mul(get(l), get(x.lda)), bytes(i)) : at(get(x.a), i32.mul(get(i), get(x.lda)), bytes(l))
      const bAt = s.transposeB ? at(get(x.b), i32.mul(get(j), get(x.ldb)), bytes(l)) : at(get(x.b), i32.mul(get(l), get(x.ldb)), bytes(j))
      const ranges = over === 'b' ? at(get(x.table), get(j)) : 0
      const panelsOfDepth = invoke(packB, bAt, get(panels), get(depth), get(columns), get(x.ldb), ranges, get(l))
      const tilesOfRows = hasTiles ? invoke(packA, aAt, tiles, get(depth), get(rows), get(x.lda), 0, 0) : seq()
      const run = invoke(
        block,
        hasTiles ? tiles : aAt,
        get(panels),
        at(get(x.c), i32.mul(get(i), get(x.ldc)), bytes(j)),
        at(get(x.bias), bytes(j)),
        ...[rows, columns, depth, x.lda, x.ldb, x.ldc].map(get),
        s.accumulate ? i32.const(0) : i32.eqz(get(l)),
        i32.geU(i32.add(get(l), get(depth)), get(x.k)),
        gateOf(x),
        at(get(x.sums), bytes(j)),
        ...maskArguments(over, x, get(j), get(over === 'b' ? l : i)),
      )
      const overRows = (body: Stmt): Stmt => seq(set(i, 0), countUp(i, get(x.m), cache.m, seq(set(rows, part(x.m, i, cache.m)), body)))
      // Once also when k is 0: the result is the bias
      const overDepth = (body: Stmt): Stmt =>
        seq(
          set(l, 0),
          loop(again => seq(set(depth, part(x.k, l, cache.k)), body, bump(l, cache.k), brIf(again, i32.ltU(get(l), get(x.k))))),
        )
      const overColumns = overDepth(seq(panelsOfDepth, overRows(seq(tilesOfRows, run))))
      const tileSize = i32.mul(least(fours(x.k), cache.k), least(fours(x.m), cache.m))
      return seq(
        set(panels, hasTiles ? at(tiles, i32.shl(tileSize, 2), 64) : tiles),
        set(j, 0),
        countUp(j, get(x.n), cache.n, seq(set(columns, part(x.n, j, cache.n)), overColumns)),
      )
    },
  }
}
