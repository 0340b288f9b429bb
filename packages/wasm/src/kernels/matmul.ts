import type { Expr, Local, Stmt } from '../asm/code.ts'
import { get, invoke, local, seq, set } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { activationCode } from './epilogue.ts'
import { matmulBlock } from './matmul-block.ts'
import type { BlockLayout } from './matmul-block.ts'
import { narrowColumns, narrowRows, turned } from './matmul-narrow.ts'
import { batched, constant } from './matmul-structure.ts'
import type { MatmulSizes, MatmulStructure, Strategy } from './matmul-structure.ts'
import { packColumns, packRows } from './matmul-pack.ts'
import { at, least } from './parts.ts'

/** A kernel for these sizes, and the bytes of scratch memory that it needs. */
export interface MatmulPlan {
  readonly kernel: Kernel
  readonly scratch: number
  /** Numbers that the kernel reads at the address `table`: which parts of the matrices a mask leaves. */
  readonly table?: Int32Array
}

/** Blocks of the packed form, in numbers: B in panels of `k` x `n`, A in tiles of `m` x `k`. Multiples of 8. */
const cache = { m: 128, n: 512, k: 256 }
/** Up to so many bytes B stays where it is. */
const directBytes = 32 * 1024

/** B as it lies. */
const direct = (ar: Arithmetic, s: MatmulStructure): Strategy => {
  const layout: BlockLayout = { a: s.transposeA ? 'columns' : 'rows', b: 'rows' }
  const block = matmulBlock(ar, layout, { bias: s.bias === true, activation: activationCode(s.activation, ar) })
  return {
    scratch: 0,
    code: x =>
      invoke(block, ...[x.a, x.b, x.c, x.bias, x.m, x.n, x.k, x.lda, x.ldb, x.ldc].map(get), constant(!s.accumulate), constant(true)),
  }
}

/** B in panels and a transposed A in tiles, block after block of the size of the caches. */
const packed = (ar: Arithmetic, s: MatmulStructure, { m, n, k }: MatmulSizes): Strategy => {
  const layout: BlockLayout = { a: 'tiles', b: 'panels' }
  const block = matmulBlock(ar, layout, { bias: s.bias === true, activation: activationCode(s.activation, ar) })
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

const named = (
  structure: MatmulStructure,
  sizes: MatmulSizes,
): { readonly name: string; readonly strategy: (ar: Arithmetic) => Strategy } => {
  const { m, n, k } = sizes
  const { transposeA, transposeB } = structure
  if (n <= 3 && transposeA) return { name: `turned ${n}`, strategy: ar => turned(ar, structure, sizes) }
  if (n <= 3) return { name: `narrow columns ${n}`, strategy: ar => narrowColumns(ar, structure, sizes) }
  if (m <= 3 && transposeB) return { name: `narrow rows ${m}`, strategy: ar => narrowRows(ar, structure, sizes) }
  const isSmall = 4 * n * k <= directBytes && (!transposeA || 4 * m * k <= directBytes)
  if (!transposeB && (m <= 8 || isSmall)) return { name: 'direct', strategy: ar => direct(ar, structure) }
  return { name: `packed ${Math.min(cache.k, Math.ceil(k / 4) * 4)} ${Math.min(cache.n, n)}`, strategy: ar => packed(ar, structure, sizes) }
}

/**
 * The kernel of a matmul of these sizes. Its arguments are those of `matmulArguments`; the same kernel serves other sizes of the
 * same plan.
 *
 * @throws RangeError when a size is no count, or accumulate stands beside bias or activation
 */
export const planMatmul = (ar: Arithmetic, structure: MatmulStructure, sizes: MatmulSizes): MatmulPlan => {
  if (![sizes.m, sizes.n, sizes.k].every(size => Number.isInteger(size) && size >= 0))
    throw new RangeError(`planMatmul: expected sizes m, n, k of 0 or more, got ${sizes.m}, ${sizes.n}, ${sizes.k}`)
  if (structure.accumulate && (structure.bias || structure.activation !== undefined))
    throw new RangeError('planMatmul: expected accumulate without bias and activation, got both')
  const { name, strategy } = named(structure, sizes)
  const flags = `${structure.transposeA ? 'T' : 'N'}${structure.transposeB ? 'T' : 'N'}`
  const ends = `${structure.bias ? ' bias' : ''}${structure.accumulate ? ' accumulate' : ''} ${structure.activation ?? ''}`
  const title = `matmul ${flags} ${name}${ends} ${ar.name}`
  return {
    kernel: { name: title, func: () => batched(title, strategy(ar).code) },
    scratch: strategy(ar).scratch,
  }
}

/**
 * Where the matrices of a matmul lie. Rows lie `lda`, `ldb`, `ldc` numbers apart (as stored), matrices of a batch `strideA`, ...;
 * packed unless said. An address is handed on as it is, so it may be a number, or code that leaves one.
 */
export interface MatmulCall<A = number> extends MatmulSizes {
  readonly a: A
  readonly b: A
  readonly c: A
  readonly bias?: A | number
  /** `MatmulPlan.scratch` bytes; not needed where that is 0. */
  readonly scratch?: A | number
  /** Where `MatmulPlan.table` lies, for a plan that has one. */
  readonly table?: A | number
  readonly lda?: number
  readonly ldb?: number
  readonly ldc?: number
  readonly batch?: number
  readonly strideA?: number
  readonly strideB?: number
  readonly strideC?: number
}

/** The arguments of a matmul kernel; an address that is not given is 0. A stride of 0 repeats one matrix for the whole batch. */
export const matmulArguments = <A>({ transposeA, transposeB }: MatmulStructure, call: MatmulCall<A>): ReadonlyArray<A | number> => {
  const { a, b, c, bias = 0, scratch = 0, table = 0, m, n, k, batch = 1 } = call
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n, strideA = m * k, strideB = k * n, strideC = m * n } = call
  return [a, b, c, bias, scratch, m, n, k, 4 * lda, 4 * ldb, 4 * ldc, batch, 4 * strideA, 4 * strideB, 4 * strideC, table]
}
