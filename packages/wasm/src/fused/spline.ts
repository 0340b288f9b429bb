import type { Expr, Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set } from '../asm/control.ts'
import { countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { kernelOf } from '../kernels/kernel.ts'
import { at, least, transpose4 } from '../kernels/parts.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { splineForwardGradients, splineInverseGradients } from './spline-gradient.ts'
import type { SplineStructure } from './spline-knots.ts'
import { splineForward, splineInverse } from './spline-lanes.ts'

const lanes = [0, 1, 2, 3] as const
type Four = readonly [Vec, Vec, Vec, Vec]

/** Four elements by their numbers; beyond the last one the last one again, so that no lane need be switched off. */
interface Elements {
  readonly find: Stmt
  readonly index: ReadonlyArray<Local<'i32'>>
}
const elements = (i: Local<'i32'>, count: Local<'i32'>): Elements => {
  const index = lanes.map(() => local('i32', 'element'))
  const last = i32.sub(get(count), 1)
  return { index, find: seq(...index.map((element, l) => set(element, least(i32.add(get(i), l), last)))) }
}

const word = (base: Local<'i32'>, element: Local<'i32'>): Expr<'i32'> => at(get(base), i32.shl(get(element), 2))
const collect = (base: Local<'i32'>, { index }: Elements): Vec =>
  index.slice(1).reduce<Vec>((x, element, l) => v128.load32Lane(word(base, element), x, l + 1), v128.load32Zero(word(base, index[0]!)))
const spread = (base: Local<'i32'>, { index }: Elements, value: Local<'v128'>): Stmt =>
  seq(...index.map((element, l) => v128.store32Lane(word(base, element), get(value), l)))

/** First columns of the groups of four that cover a row of `size`; the last group reaches back rather than beyond. */
const groups = (size: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(size / 4) }, (_, g) => (4 * g + 4 <= size ? 4 * g : Math.max(0, size - 4)))

const rowPointers = (
  base: Local<'i32'>,
  { index }: Elements,
  size: number,
): { readonly find: Stmt; readonly at: ReadonlyArray<Local<'i32'>> } => {
  const pointers = lanes.map(() => local('i32', 'row'))
  return { at: pointers, find: seq(...pointers.map((p, l) => set(p, at(get(base), i32.mul(get(index[l]!), 4 * size))))) }
}

/** Rows of `size` numbers, one for each lane, as `size` locals. A row of fewer than four numbers is read beyond its end. */
const loadRows = (
  base: Local<'i32'>,
  four: Elements,
  size: number,
): { readonly load: Stmt; readonly columns: ReadonlyArray<Local<'v128'>> } => {
  const columns = Array.from({ length: size }, () => local('v128', 'theta'))
  const rows = rowPointers(base, four, size)
  const group = (first: number): Stmt => {
    const block = transpose4(rows.at.map(p => v128.load(get(p), 4 * first)) as unknown as Four) // four rows
    return seq(...block.flatMap((column, k) => (first + k < size ? [set(columns[first + k]!, column)] : [])))
  }
  return { columns, load: seq(rows.find, ...groups(size).map(group)) }
}

/** Stores `size` columns as the rows of four elements. */
const storeRows = (base: Local<'i32'>, four: Elements, columns: ReadonlyArray<Local<'v128'>>): Stmt => {
  const size = columns.length
  const rows = rowPointers(base, four, size)
  const group = (first: number): Stmt => {
    const block = transpose4(lanes.map(k => get(columns[Math.min(first + k, size - 1)]!)) as unknown as Four) // four columns
    const results = lanes.map(() => local('v128', 'row'))
    return seq(
      ...block.map((row, l) => set(results[l]!, row)),
      ...rows.at.map((p, l) =>
        size < 4 ? v128.store64Lane(get(p), get(results[l]!), 0) : v128.store(get(p), get(results[l]!), 4 * first),
      ),
    )
  }
  return seq(rows.find, ...groups(size).map(group))
}

const title = (kind: string, ar: Arithmetic, { bins, bound, knots }: SplineStructure): string =>
  `spline ${kind} ${knots} ${bins} ${bound} ${ar.name}`

/** Which way through the spline. */
export type Direction = 'forward' | 'inverse'

/**
 * `spline(theta, x, value, logDeriv, count)`: core's `splineForward` or `splineInverse` of `count` numbers x, each with its own row of 3K - 1 numbers
 * theta. Four rows at a time, an element in each lane.
 */
export const splineKernel = (ar: Arithmetic, spline: SplineStructure, direction: Direction): Kernel =>
  kernelOf(title(direction, ar, spline), ['theta', 'x', 'value', 'logDeriv', 'count'], ({ theta, x, value, logDeriv, count }) => {
    const [i, argument, result, slope] = [local('i32', 'i'), local('v128', 'argument'), local('v128', 'result'), local('v128', 'slope')]
    const four = elements(i, count)
    const { columns, load } = loadRows(theta, four, 3 * spline.bins - 1)
    const lane = direction === 'forward' ? splineForward : splineInverse
    const image = lane(ar, spline, j => get(columns[j]!), get(argument))
    const block = seq(
      four.find,
      load,
      set(argument, collect(x, four)),
      set(result, image.value),
      set(slope, image.logDeriv),
      spread(value, four, result),
      spread(logDeriv, four, slope),
    )
    return seq(set(i, 0), countUp(i, get(count), 4, block))
  })

/**
 * `splineVjp(theta, x, gValue, gLogDeriv, gTheta, gX, count)`: the gradients of the sum of gValue value + gLogDeriv logDeriv of `splineKernel`, the forward
 * pass done again.
 */
export const splineVjpKernel = (ar: Arithmetic, spline: SplineStructure, direction: Direction): Kernel =>
  kernelOf(
    title(`${direction} vjp`, ar, spline),
    ['theta', 'x', 'gValue', 'gLogDeriv', 'gTheta', 'gX', 'count'],
    ({ theta, x, gValue, gLogDeriv, gTheta, gX, count }) => {
      const size = 3 * spline.bins - 1
      const i = local('i32', 'i')
      const inputs = [x, gValue, gLogDeriv].map(base => ({ base, lanes: local('v128') }))
      const byX = local('v128', 'by x')
      const byTheta = Array.from({ length: size }, () => local('v128', 'by theta'))
      const four = elements(i, count)
      const { columns, load } = loadRows(theta, four, size)
      const [argument, gy, gl] = inputs.map(input => get(input.lanes)) as [Vec, Vec, Vec] // three inputs
      const lane = direction === 'forward' ? splineForwardGradients : splineInverseGradients
      const gradients = lane(ar, spline, j => get(columns[j]!), argument, gy, gl)
      const block = seq(
        four.find,
        load,
        ...inputs.map(input => set(input.lanes, collect(input.base, four))),
        set(byX, gradients.argument),
        ...gradients.theta.map((gradient, j) => set(byTheta[j]!, gradient)),
        spread(gX, four, byX),
        storeRows(gTheta, four, byTheta),
      )
      return seq(set(i, 0), countUp(i, get(count), 4, block))
    },
  )
