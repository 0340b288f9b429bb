import type { Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set, share } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { at, firstLanes, least, transpose4 } from './parts.ts'

/** What a narrow matmul does to its results: a bias for each narrow column, or for each row; then the activation. */
export interface DotEpilogue {
  readonly bias: 'none' | 'column' | 'row'
  readonly activation: (x: Vec) => Vec
  readonly accumulate: boolean
}

/**
 * `dot(a, b, c, bias, rows, k, lda, ldb, rowStep, columnStep)`: C[i, j] = sum over k of A[i, k] B[j, k] for 1 to 3 columns j, in
 * vectors along k, four rows at a time; strides in bytes. Result (i, j) goes to c + i rowStep + j columnStep.
 */
export const matmulDot = (ar: Arithmetic, columns: 1 | 2 | 3, { bias, activation, accumulate }: DotEpilogue): Func =>
  func(
    `matmul dot ${columns}`,
    (['a', 'b', 'c', 'bias', 'rows', 'k', 'lda', 'ldb', 'rowStep', 'columnStep'] as const).map(name => [name, 'i32'] as const),
    (...locals) => {
      const [a, b, c, biasAt, rows, k, lda, ldb, rowStep, columnStep] = locals as ReadonlyArray<Local<'i32'>> as Ten
      const [i, left] = [local('i32', 'i'), local('i32', 'left')]
      const lanes = [0, 1, 2, 3]
      const js = Array.from({ length: columns }, (_, j) => j)
      const as = lanes.map(() => local('i32', 'a'))
      const bs = js.map(() => local('i32', 'b'))
      const sums = lanes.map(() => js.map(() => local('v128', 'sum')))
      const results = js.map(() => local('v128', 'result'))
      const targets = lanes.map(() => local('i32', 'target'))
      const row = (lane: number): ReturnType<typeof least> => least(i32.add(get(i), lane), i32.sub(get(rows), 1))

      const products = (load: (p: Local<'i32'>) => Vec): Stmt => {
        const vectors = bs.map(p => share(load(p)))
        return seq(
          ...lanes.map(lane => {
            const x = share(load(as[lane]!))
            return seq(...js.map(j => set(sums[lane]![j]!, ar.madd(x, vectors[j]!, get(sums[lane]![j]!)))))
          }),
        )
      }
      const mask = local('v128', 'mask')
      const along = seq(
        set(left, get(k)),
        whileTrue(
          () => i32.geS(get(left), 4),
          seq(
            products(p => v128.load(get(p))),
            ...[...as, ...bs].map(p => bump(p, 16)),
            bump(left, -4),
          ),
        ),
        whileTrue(
          () => i32.gtS(get(left), 0),
          seq(
            products(p => v128.and(v128.load(get(p)), get(mask))),
            set(left, 0),
          ),
        ),
      )
      const total = (j: number): Vec => {
        const [p, q, r, s] = transpose4(lanes.map(lane => get(sums[lane]![j]!)) as [Vec, Vec, Vec, Vec])
        return f32x4.add(f32x4.add(p, q), f32x4.add(r, s))
      }
      const biasOf = (j: number): Vec =>
        bias === 'column' ? v128.load32Splat(get(biasAt), 4 * j) : v128.load(at(get(biasAt), i32.shl(get(i), 2)))
      const before = (j: number): Vec =>
        lanes
          .slice(1)
          .reduce<Vec>(
            (vector, lane) => v128.load32Lane(at(get(targets[lane]!), i32.mul(get(columnStep), j)), vector, lane),
            v128.load32Zero(at(get(targets[0]!), i32.mul(get(columnStep), j))),
          )
      const finish = (j: number): Stmt => {
        const sum = bias === 'none' ? total(j) : f32x4.add(total(j), biasOf(j))
        return set(results[j]!, activation(accumulate ? f32x4.add(sum, before(j)) : sum))
      }
      const store = (lane: number): Stmt =>
        seq(...js.map(j => v128.store32Lane(at(get(targets[lane]!), i32.mul(get(columnStep), j)), get(results[j]!), lane)))
      return seq(
        set(mask, firstLanes(i32.and(get(k), 3))),
        set(i, 0),
        countUp(
          i,
          get(rows),
          4,
          seq(
            ...lanes.map(lane => set(as[lane]!, at(get(a), i32.mul(row(lane), get(lda))))),
            ...lanes.map(lane => set(targets[lane]!, at(get(c), i32.mul(row(lane), get(rowStep))))),
            ...bs.map((p, j) => set(p, at(get(b), i32.mul(get(ldb), j)))),
            ...sums.flat().map(sum => set(sum, f32x4.const(0))),
            along,
            ...js.map(finish),
            ...lanes.toReversed().map(store), // lanes beyond the last row point to it: its own lane is stored last
          ),
        ),
      )
    },
  )

type L = Local<'i32'>
type Ten = readonly [L, L, L, L, L, L, L, L, L, L]
