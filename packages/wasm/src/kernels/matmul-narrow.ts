import type { Func, Local, Stmt } from '../asm/code.ts'
import { func, get, invoke, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { activationCode } from './epilogue.ts'
import { matmulBlock, restsOf, unmasked } from './matmul-block.ts'
import { matmulDot } from './matmul-dot.ts'
import { constant } from './matmul-structure.ts'
import type { BlockLayout } from './matmul-strip.ts'
import type { MatmulSizes, MatmulStructure, Strategy } from './matmul-structure.ts'
import { at, least } from './parts.ts'

type L = Local<'i32'>

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
export const narrowColumns = (ar: Arithmetic, s: MatmulStructure, { n, k }: MatmulSizes): Strategy => {
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
export const narrowRows = (ar: Arithmetic, s: MatmulStructure, { m, k }: MatmulSizes): Strategy => {
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
export const turned = (ar: Arithmetic, s: MatmulStructure, { m, n }: MatmulSizes): Strategy => {
  const layout: BlockLayout = { a: s.transposeB ? 'rows' : 'columns', b: 'rows' }
  const block = matmulBlock(ar, layout, { bias: false, adds: false, activation: undefined }, restsOf(n, m))
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
        invoke(
          block,
          ...[x.b, x.a, x.scratch, x.bias, x.n, x.m, x.k, x.ldb, x.lda].map(get),
          width,
          constant(true),
          constant(false),
          0,
          0,
          ...unmasked,
        ),
        set(target, get(x.c)),
        set(i, 0),
        countUp(i, get(x.m), 4, four),
      )
    },
  }
}
const rotated = (x: Vec): Vec => {
  const v = share(x)
  return shuffle32(v, v, [1, 2, 3, 0])
}
