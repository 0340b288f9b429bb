import type { Expr, I32, Local, Stmt } from '../asm/code.ts'
import { get, invoke, local, seq, set } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32, index } from '../asm/scalar.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { matmulBlock, unmasked } from './matmul-block.ts'
import type { MatmulMask } from './matmul-mask.ts'
import type { BlockLayout } from './matmul-strip.ts'
import { packColumns, packRows } from './matmul-pack.ts'
import { constant } from './matmul-structure.ts'
import type { Arguments, MatmulSizes, MatmulStructure, Strategy } from './matmul-structure.ts'
import { at, least } from './parts.ts'

/** Blocks of the packed form, in numbers: B in panels of `k` x `n`, A in tiles of `m` x `k`. Multiples of 8. */
const cache = { m: 128, n: 512, k: 256 }
/** What of the sizes stands in the code of the packed form. */
export const packedSizes = ({ n, k }: MatmulSizes): string => `${Math.min(cache.k, Math.ceil(k / 4) * 4)} ${Math.min(cache.n, n)}`

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

/** B as it lies. */
export const direct = (ar: Arithmetic, s: MatmulStructure, over: Over): Strategy => {
  const layout: BlockLayout = { a: s.transposeA ? 'columns' : 'rows', b: 'rows' }
  const block = matmulBlock(ar, layout, { bias: s.bias === true, activation: s.activation }, over)
  return {
    scratch: 0,
    code: x =>
      invoke(
        block,
        ...[x.a, x.b, x.c, x.bias, x.m, x.n, x.k, x.lda, x.ldb, x.ldc].map(get),
        constant(!s.accumulate),
        constant(true),
        ...maskArguments(over, x, 0, 0),
      ),
  }
}

/** B in panels and a transposed A in tiles, block after block of the size of the caches. */
export const packed = (ar: Arithmetic, s: MatmulStructure, { m, n, k }: MatmulSizes, over: Over): Strategy => {
  const layout: BlockLayout = { a: 'tiles', b: 'panels' }
  const block = matmulBlock(ar, layout, { bias: s.bias === true, activation: s.activation }, over)
  const packB = s.transposeB ? packColumns(8) : packRows(8)
  const packA = s.transposeA ? packRows(4) : packColumns(4)
  const round = (size: number, to: number): number => Math.ceil(size / to) * to
  const panelBytes = 4 * Math.min(cache.k, round(k, 4)) * round(Math.min(cache.n, n), 8) + 128
  const tileBytes = 4 * Math.min(cache.k, round(k, 4)) * round(Math.min(cache.m, m), 4) + 64
  return {
    scratch: panelBytes + tileBytes,
    code: x => {
      const [i, j, l] = [local('i32', 'i'), local('i32', 'j'), local('i32', 'l')]
      const part = (total: Local<'i32'>, done: Local<'i32'>, size: number): Expr<'i32'> => least(i32.sub(get(total), get(done)), size)
      const [rows, columns, depth] = [local('i32', 'rows'), local('i32', 'columns'), local('i32', 'depth')]
      const bytes = (count: Local<'i32'>): Expr<'i32'> => i32.shl(get(count), 2)
      const tiles = i32.add(get(x.scratch), panelBytes)
      const aAt = s.transposeA ? at(get(x.a), i32.mul(get(l), get(x.lda)), bytes(i)) : at(get(x.a), i32.mul(get(i), get(x.lda)), bytes(l))
      const bAt = s.transposeB ? at(get(x.b), i32.mul(get(j), get(x.ldb)), bytes(l)) : at(get(x.b), i32.mul(get(l), get(x.ldb)), bytes(j))
      const run = invoke(
        block,
        tiles,
        get(x.scratch),
        at(get(x.c), i32.mul(get(i), get(x.ldc)), bytes(j)),
        at(get(x.bias), bytes(j)),
        ...[rows, columns, depth, x.lda, x.ldb, x.ldc].map(get),
        s.accumulate ? i32.const(0) : i32.eqz(get(l)),
        i32.geU(i32.add(get(l), get(depth)), get(x.k)),
        ...maskArguments(over, x, get(j), get(over === 'b' ? l : i)),
      )
      const overRows = (): Stmt => seq(set(rows, part(x.m, i, cache.m)), invoke(packA, aAt, tiles, get(depth), get(rows), get(x.lda)), run)
      const overDepth = (): Stmt =>
        seq(
          set(depth, part(x.k, l, cache.k)),
          invoke(packB, bAt, get(x.scratch), get(depth), get(columns), get(x.ldb)),
          set(i, 0),
          countUp(i, get(x.m), cache.m, overRows()),
        )
      const again = i32.ltU(get(l), get(x.k))
      const overColumns = seq(
        set(columns, part(x.n, j, cache.n)),
        set(l, 0),
        overDepth(), // once also when k is 0: the result is the bias
        bump(l, cache.k),
        whileTrue(() => again, seq(overDepth(), bump(l, cache.k))),
      )
      return seq(set(j, 0), countUp(j, get(x.n), cache.n, overColumns))
    },
  }
}
