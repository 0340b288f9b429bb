import type { Stmt } from '../asm/code.ts'
import { get, local, seq, set } from '../asm/control.ts'
import { countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { restsOf } from './matmul-block.ts'
import type { Rests } from './matmul-block.ts'
import { maskTable } from './matmul-mask.ts'
import type { MatmulMask } from './matmul-mask.ts'
import { narrowColumns, narrowRows, turned } from './matmul-narrow.ts'
import { direct, packed } from './matmul-packed.ts'
import { batched } from './matmul-structure.ts'
import type { Arguments, MatmulSizes, MatmulStructure, Strategy } from './matmul-structure.ts'
import { at } from './parts.ts'

/** A kernel for these sizes, and the bytes of scratch memory that it needs. */
export interface MatmulPlan {
  readonly kernel: Kernel
  readonly scratch: number
  /** Numbers that the kernel reads at the address `table`: which parts of the matrices a mask leaves. */
  readonly table?: Int32Array
}

/** Up to so many bytes B stays where it is. */
const directBytes = 32 * 1024

/** Whether the kernel of such a product can gate its result. */
export const takesGate = ({ transposeB }: MatmulStructure, { m, n }: MatmulSizes): boolean => n > 3 && (m > 3 || !transposeB)

/** For so few columns rows of A are not packed: that would take longer than reading them where they lie, which relaxed SIMD does as fast. */
const rowColumns = 256

const restWords = ({ rows, vectors }: Rests): string => `${rows === 0 ? '' : ` rows ${rows}`}${vectors === 0 ? '' : ` vectors ${vectors}`}`

interface Choice {
  readonly name: string
  readonly strategy: (over: MatmulMask['over'] | undefined) => Strategy
  readonly takesMask: boolean
}
const choose = (ar: Arithmetic, structure: MatmulStructure, sizes: MatmulSizes): Choice => {
  const { m, n, k } = sizes
  const { transposeA, transposeB } = structure
  const narrow = (name: string, strategy: () => Strategy): Choice => ({ name, strategy, takesMask: false })
  if (n <= 3 && transposeA) return narrow(`turned ${n}${restWords(restsOf(n, m))}`, () => turned(ar, structure, sizes))
  if (n <= 3) return narrow(`narrow columns ${n}`, () => narrowColumns(ar, structure, sizes))
  if (m <= 3 && transposeB) return narrow(`narrow rows ${m}`, () => narrowRows(ar, structure, sizes))
  const rests = restWords(restsOf(m, n))
  const isSmall = 4 * n * k <= directBytes && (!transposeA || 4 * m * k <= directBytes)
  if (!transposeB && (m <= 8 || isSmall))
    return { name: `direct${rests}`, strategy: over => direct(ar, structure, sizes, over), takesMask: true }
  const layout = transposeA || ar.name === 'plain' || n > rowColumns ? 'tiles' : 'rows'
  return { name: `packed ${layout}${rests}`, strategy: over => packed(ar, structure, sizes, layout, over), takesMask: true }
}

const zeroSums = ({ n, sums }: Arguments): Stmt => {
  const i = local('i32', 'i')
  return seq(set(i, 0), countUp(i, get(n), 1, i32.store(at(get(sums), i32.shl(get(i), 2)), i32.const(0))))
}

/**
 * The kernel of a matmul of these sizes. Its arguments are those of `matmulArguments`; the same kernel serves other sizes of the
 * same plan that leave the same rests of whole tiles.
 *
 * With a mask over B the kernel leaves out what the mask makes zero, which must lie in memory as zeros. With a mask over C (then there is
 * neither bias nor activation nor accumulation) it leaves it out and gives zeros. A plan without a `table` is one that does not use the
 * mask: too narrow a product, or a mask whose rows do not form ranges (sort units by degree).
 *
 * @throws RangeError when a size is no count, accumulate stands beside bias or activation, or the mask does not fit
 */
export const planMatmul = (ar: Arithmetic, structure: MatmulStructure, sizes: MatmulSizes, mask?: MatmulMask): MatmulPlan => {
  const { m, n, k } = sizes
  const { transposeA, transposeB, bias, accumulate, activation, gate, sums } = structure
  if (![m, n, k].every(size => Number.isInteger(size) && size >= 0))
    throw new RangeError(`planMatmul: expected sizes m, n, k of 0 or more, got ${m}, ${n}, ${k}`)
  if (accumulate && (bias || activation !== undefined))
    throw new RangeError('planMatmul: expected accumulate without bias and activation, got both')
  if (mask?.over === 'c' && (bias || accumulate || activation !== undefined))
    throw new RangeError('planMatmul: expected a mask over c without bias, activation and accumulate, got one of them')
  if (gate && (!takesGate(structure, sizes) || mask?.over === 'c'))
    throw new RangeError('planMatmul: expected a gate of a product of 4 rows and columns or more without a mask over c, got another')
  if (sums && !gate) throw new RangeError('planMatmul: expected sums of columns of a gated product, got one without a gate')
  const { name, strategy, takesMask } = choose(ar, structure, sizes)
  const found = mask === undefined ? undefined : maskTable(mask, mask.over === 'b' ? k : m, n)
  const table = takesMask ? found : undefined
  const over = table === undefined ? undefined : mask?.over
  const flags = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`
  const ends = `${bias ? ' bias' : ''}${accumulate ? ' accumulate' : ''}${gate ? ' gate' : ''}${sums ? ' sums' : ''} ${activation ?? ''}`
  const title = `matmul ${flags} ${name}${ends}${over === undefined ? '' : ` mask ${over}`} ${ar.name}`
  return {
    kernel: { name: title, func: () => batched(title, x => (sums ? seq(zeroSums(x), strategy(over).code(x)) : strategy(over).code(x))) },
    scratch: strategy(over).scratch,
    ...(table === undefined ? {} : { table }),
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
  /** Where the matrix lies that gates the result; it must not lie where C does. */
  readonly gate?: A | number
  /** Where the sums of the columns go. */
  readonly sums?: A | number
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
  const { a, b, c, bias = 0, scratch = 0, table = 0, gate = 0, sums = 0, m, n, k, batch = 1 } = call
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n, strideA = m * k, strideB = k * n, strideC = m * n } = call
  return [a, b, c, bias, scratch, m, n, k, 4 * lda, 4 * ldb, 4 * ldc, batch, 4 * strideA, 4 * strideB, 4 * strideC, table, gate, sums]
}
