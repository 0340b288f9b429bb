import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, invoke, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { UnaryMath } from '../math/functions.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { activationCode } from './epilogue.ts'
import { matmulBlock } from './matmul-block.ts'
import type { BlockLayout } from './matmul-block.ts'
import { matmulDot } from './matmul-dot.ts'
import { packColumns, packRows } from './matmul-pack.ts'
import { at, least } from './parts.ts'

/** Which matmul: C = activation(op(A) op(B) + bias), op(A) [m, k], op(B) [k, n]; with `accumulate` C is added before the activation. */
export interface MatmulStructure {
  readonly transposeA: boolean
  readonly transposeB: boolean
  /** A number for each column is added. */
  readonly bias?: boolean
  readonly activation?: UnaryMath
  /** Not together with bias or activation. */
  readonly accumulate?: boolean
}

/** The sizes of one matmul. */
export interface MatmulSizes {
  readonly m: number
  readonly n: number
  readonly k: number
}

/** A kernel for these sizes, and the bytes of scratch memory that it needs. */
export interface MatmulPlan {
  readonly kernel: Kernel
  readonly scratch: number
}

/** Blocks of the packed form, in numbers: B in panels of `k` x `n`, A in tiles of `m` x `k`. Multiples of 8. */
const cache = { m: 128, n: 512, k: 256 }
/** Up to so many bytes B stays where it is. */
const directBytes = 32 * 1024

type L = Local<'i32'>
interface Arguments {
  readonly a: L
  readonly b: L
  readonly c: L
  readonly bias: L
  readonly scratch: L
  readonly m: L
  readonly n: L
  readonly k: L
  readonly lda: L
  readonly ldb: L
  readonly ldc: L
}
const names = ['a', 'b', 'c', 'bias', 'scratch', 'm', 'n', 'k', 'lda', 'ldb', 'ldc', 'batch', 'strideA', 'strideB', 'strideC'] as const

/** Runs `body` for each matrix of the batch. */
const batched = (name: string, body: (x: Arguments) => Stmt): Func =>
  func(
    name,
    names.map(title => [title, 'i32'] as const),
    (...locals) => {
      const [a, b, c, bias, scratch, m, n, k, lda, ldb, ldc, batch, strideA, strideB, strideC] = locals as ReadonlyArray<L> as Fifteen
      const i = local('i32', 'matrix')
      const next = seq(bump(a, get(strideA)), bump(b, get(strideB)), bump(c, get(strideC)))
      return seq(set(i, 0), countUp(i, get(batch), 1, seq(body({ a, b, c, bias, scratch, m, n, k, lda, ldb, ldc }), next)))
    },
  )
type Fifteen = readonly [L, L, L, L, L, L, L, L, L, L, L, L, L, L, L]

interface Strategy {
  readonly code: (x: Arguments) => Stmt
  readonly scratch: number
}

const constant = (value: boolean): Expr<'i32'> => i32.const(value ? 1 : 0)

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
      const part = (total: L, done: L, size: number): Expr<'i32'> => least(i32.sub(get(total), get(done)), size)
      const [rows, columns, depth] = [local('i32', 'rows'), local('i32', 'columns'), local('i32', 'depth')]
      const bytes = (count: L): Expr<'i32'> => i32.shl(get(count), 2)
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

/** `narrow(from, to, count, width, ld)`: [count, width] as [width, count], width at most 3. */
const transposeNarrow: Func = func(
  'transpose narrow',
  (['from', 'to', 'count', 'width', 'ld'] as const).map(name => [name, 'i32'] as const),
  (...locals) => {
    const [from, to, count, width, ld] = locals as ReadonlyArray<L> as readonly [L, L, L, L, L]
    const [i, j, source] = [local('i32', 'i'), local('i32', 'j'), local('i32', 'source')]
    const one = seq(i32.store(get(to), i32.load(get(source))), bump(source, get(ld)), bump(to, 4))
    const line = seq(set(source, at(get(from), i32.shl(get(j), 2))), set(i, 0), countUp(i, get(count), 1, one))
    return seq(set(j, 0), countUp(j, get(width), 1, line))
  },
)

/** One to three columns: vectors along k, B's columns made contiguous. */
const narrowColumns = (ar: Arithmetic, s: MatmulStructure, { n, k }: MatmulSizes): Strategy => {
  const dot = matmulDot(ar, n as 1 | 2 | 3, {
    bias: s.bias ? 'column' : 'none',
    activation: activationCode(s.activation, ar),
    accumulate: s.accumulate === true,
  })
  return {
    scratch: s.transposeB ? 0 : 4 * k * n,
    code: x =>
      seq(
        ...(s.transposeB ? [] : [invoke(transposeNarrow, get(x.b), get(x.scratch), get(x.k), get(x.n), get(x.ldb))]),
        invoke(
          dot,
          get(x.a),
          s.transposeB ? get(x.b) : get(x.scratch),
          ...[x.c, x.bias, x.m, x.k, x.lda].map(get),
          s.transposeB ? get(x.ldb) : i32.shl(get(x.k), 2),
          get(x.ldc),
          4,
        ),
      ),
  }
}

/** One to three rows against a transposed B: its rows are what runs along. */
const narrowRows = (ar: Arithmetic, s: MatmulStructure, { m, k }: MatmulSizes): Strategy => {
  const dot = matmulDot(ar, m as 1 | 2 | 3, {
    bias: s.bias ? 'row' : 'none',
    activation: activationCode(s.activation, ar),
    accumulate: s.accumulate === true,
  })
  return {
    scratch: s.transposeA ? 4 * k * m : 0,
    code: x =>
      seq(
        ...(s.transposeA ? [invoke(transposeNarrow, get(x.a), get(x.scratch), get(x.k), get(x.m), get(x.lda))] : []),
        invoke(
          dot,
          get(x.b),
          s.transposeA ? get(x.scratch) : get(x.a),
          ...[x.c, x.bias, x.n, x.k, x.ldb].map(get),
          s.transposeA ? i32.shl(get(x.k), 2) : get(x.lda),
          4,
          get(x.ldc),
        ),
      ),
  }
}

/** One to three columns and a transposed A: the transposed product of a few rows, then turned over. */
const turned = (ar: Arithmetic, s: MatmulStructure, { m, n }: MatmulSizes): Strategy => {
  const block = matmulBlock(ar, { a: s.transposeB ? 'rows' : 'columns', b: 'rows' }, { bias: false, activation: x => x })
  const activation = activationCode(s.activation, ar)
  return {
    scratch: 4 * m * n + 64,
    code: x => {
      const [i, lane, target] = [local('i32', 'i'), local('i32', 'lane'), local('i32', 'target')]
      const width = i32.shl(get(x.m), 2)
      const js = Array.from({ length: n }, (_, j) => j)
      const results = js.map(() => local('v128', 'result'))
      const sum = (j: number): Vec => v128.load(at(get(x.scratch), i32.shl(get(i), 2), i32.mul(width, j)))
      const finished = (j: number): Stmt =>
        set(results[j]!, activation(s.bias ? f32x4.add(sum(j), v128.load32Splat(get(x.bias), 4 * j)) : sum(j)))
      const result = (j: number): Vec => get(results[j]!)
      const plus = (j: number, value: Vec): Vec => (s.accumulate ? f32x4.add(value, v128.load32Zero(get(target), 4 * j)) : value)
      const storeLane = seq(
        ...js.map(j => v128.store32Lane(get(target), plus(j, result(j)), 0, 4 * j)),
        ...js.map(j => set(results[j]!, rotated(result(j)))),
        bump(target, get(x.ldc)),
      )
      const four = seq(...js.map(finished), set(lane, 0), countUp(lane, share(least(i32.sub(get(x.m), get(i)), 4)), 1, storeLane))
      return seq(
        invoke(block, ...[x.b, x.a, x.scratch, x.bias, x.n, x.m, x.k, x.ldb, x.lda].map(get), width, constant(true), constant(false)),
        set(target, get(x.c)),
        set(i, 0),
        countUp(i, get(x.m), 4, four),
      )
    },
  }
}
const rotated = (x: Vec): Vec => {
  const v = share(x)
  return { type: 'v128', code: [v.code, v.code, 0xfd, 13, ...[4, 8, 12, 0].flatMap(b => [b, b + 1, b + 2, b + 3])] }
}

const named = (
  structure: MatmulStructure,
  sizes: MatmulSizes,
): { readonly name: string; readonly strategy: (ar: Arithmetic) => Strategy } => {
  const { m, n, k } = sizes
  const { transposeA, transposeB } = structure
  if (n <= 3 && transposeA) return { name: `turned ${n} ${m} `, strategy: ar => turned(ar, structure, sizes) }
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

/** Where the matrices of a matmul lie. Rows lie `lda`, `ldb`, `ldc` numbers apart (as stored), matrices of a batch `strideA`, ...; packed unless said. */
export interface MatmulCall extends MatmulSizes {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly bias?: number
  readonly scratch: number
  readonly lda?: number
  readonly ldb?: number
  readonly ldc?: number
  readonly batch?: number
  readonly strideA?: number
  readonly strideB?: number
  readonly strideC?: number
}

/** The arguments of a matmul kernel. A stride of 0 repeats one matrix for the whole batch. */
export const matmulArguments = ({ transposeA, transposeB }: MatmulStructure, call: MatmulCall): ReadonlyArray<number> => {
  const { a, b, c, bias = 0, scratch, m, n, k, batch = 1 } = call
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n, strideA = m * k, strideB = k * n, strideC = m * n } = call
  return [a, b, c, bias, scratch, m, n, k, 4 * lda, 4 * ldb, 4 * ldc, batch, 4 * strideA, 4 * strideB, 4 * strideC]
}
