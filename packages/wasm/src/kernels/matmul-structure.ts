import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set } from '../asm/control.ts'
import { bump, countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import type { UnaryMath } from '../math/functions.ts'

/** Which matmul: C = activation(op(A) op(B) + bias), op(A) [m, k], op(B) [k, n]; with `accumulate` C is added before the activation. */
export interface MatmulStructure {
  readonly transposeA: boolean
  readonly transposeB: boolean
  /** A number for each column is added. */
  readonly bias?: boolean
  readonly activation?: UnaryMath
  /** Where a matrix G of the size of C is not above 0, the result is 0: the gradient of relu. Not together with a mask over C. */
  readonly gate?: boolean
  /** The sums of the columns of what the gate leaves are given too: the gradient of the bias before relu. */
  readonly sums?: boolean
  /** Not together with bias or activation. */
  readonly accumulate?: boolean
}

/** The sizes of one matmul. */
export interface MatmulSizes {
  readonly m: number
  readonly n: number
  readonly k: number
}

type L = Local<'i32'>
/** The parameters of each matmul kernel: addresses, sizes, and bytes from one stored row to the next. */
export interface Arguments {
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
  /** The table of a plan that has one. */
  readonly table: L
  /** Where a matrix lies that gates the result. */
  readonly gate: L
  /** Where the sums of the columns go. */
  readonly sums: L
}
const names = ['a', 'b', 'c', 'bias', 'scratch', 'm', 'n', 'k', 'lda', 'ldb', 'ldc'] as const
const batchNames = ['batch', 'strideA', 'strideB', 'strideC', 'table', 'gate', 'sums'] as const

/** A kernel that runs `body` for each matrix of the batch. */
export const batched = (name: string, body: (x: Arguments) => Stmt): Func =>
  func(
    name,
    [...names, ...batchNames].map(title => [title, 'i32'] as const),
    (...locals) => {
      const [a, b, c, bias, scratch, m, n, k, lda, ldb, ldc, batch, strideA, strideB, strideC, table, gate, sums] =
        locals as ReadonlyArray<L> as Eighteen
      const i = local('i32', 'matrix')
      const next = seq(bump(a, get(strideA)), bump(b, get(strideB)), bump(c, get(strideC)), bump(gate, get(strideC)))
      return seq(
        set(i, 0),
        countUp(i, get(batch), 1, seq(body({ a, b, c, bias, scratch, m, n, k, lda, ldb, ldc, table, gate, sums }), next)),
      )
    },
  )
type Eighteen = readonly [L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L]

/** One way to do a matmul, and the bytes of scratch memory that it takes. */
export interface Strategy {
  readonly code: (x: Arguments) => Stmt
  readonly scratch: number
}

/** 1 or 0. */
export const constant = (value: boolean): Expr<'i32'> => i32.const(value ? 1 : 0)
