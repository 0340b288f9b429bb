import {
  abs,
  add,
  cast,
  div,
  expandDims,
  fill,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  matMul,
  mul,
  neg,
  ones,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { joined, tidy, zeroUnlessNaN } from '../tensor.ts'
import type { Knots } from './knots.ts'
import { columns } from './theta.ts'

/** One bin for every value: its two knots and the slopes there. */
interface Bin {
  readonly x0: Tensor
  readonly x1: Tensor
  readonly y0: Tensor
  readonly y1: Tensor
  readonly d0: Tensor
  readonly d1: Tensor
}

/** A place in a bin as fractions of its width from the lower knot and to the upper one, each exact near its own end. */
interface Place {
  readonly xi: Tensor
  readonly rest: Tensor
}

/**
 * The spline and its log-derivative at x; the identity where |x| > bound. x broadcasts against the knots' leading axes.
 */
export const splineForward = (knots: Knots, x: Tensor, bound: number): { readonly y: Tensor; readonly logDeriv: Tensor } =>
  tidy(() => {
    const inside = lessEqual(abs(x), bound)
    const xIn = where(inside, x, zerosLike(x))
    const bin = binAt(knots, knots.x, xIn)
    const place = placeAt(bin, xIn)
    const y = valueAt(bin, place)
    const logDeriv = logDerivAt(bin, place)
    const tail = add(x, zeroUnlessNaN(y))
    return { y: where(inside, y, tail), logDeriv: where(inside, logDeriv, zeroUnlessNaN(tail)) }
  })

/**
 * The inverse of the spline and the log-derivative of that inverse at y (eq. 6-8, with roots that do not cancel).
 */
export const splineInverse = (knots: Knots, y: Tensor, bound: number): { readonly x: Tensor; readonly logDeriv: Tensor } =>
  inverseBy(meanOf, knots, y, bound)

/** The same, x by its distance from the nearer knot: with a single rounding near a knot, where a mean has three. */
export const splineInverseFromKnots = (knots: Knots, y: Tensor, bound: number): { readonly x: Tensor; readonly logDeriv: Tensor } =>
  inverseBy(fromNearer, knots, y, bound)

/** What lies between the two knots of a bin. */
type Between = (bin: Bin, place: Place) => Tensor

/** A mean of the two knots rather than x0 + xi width: exact at both. */
const meanOf: Between = ({ x0, x1 }, { xi, rest }) => add(mul(x0, rest), mul(x1, xi))

const fromNearer: Between = ({ x0, x1 }, { xi, rest }) => {
  const width = sub(x1, x0)
  return where(lessEqual(xi, rest), add(x0, mul(width, xi)), sub(x1, mul(width, rest)))
}

const inverseBy = (between: Between, knots: Knots, y: Tensor, bound: number): { readonly x: Tensor; readonly logDeriv: Tensor } =>
  tidy(() => {
    const inside = lessEqual(abs(y), bound)
    const yIn = where(inside, y, zerosLike(y))
    const bin = binAt(knots, knots.y, yIn)
    const place = rootAt(bin, yIn)
    const x = between(bin, place)
    const logDeriv = neg(logDerivAt(bin, place))
    const tail = add(y, zeroUnlessNaN(x))
    return { x: where(inside, x, tail), logDeriv: where(inside, logDeriv, zeroUnlessNaN(tail)) }
  })

const binAt = (knots: Knots, edges: Tensor, value: Tensor): Bin => {
  const bins = edges.shape.at(-1)! - 1
  if (edges.rank === 3 && edges.shape[0] === 1 && value.rank === 2 && value.shape[0]! > 1 && bins > 1)
    return sharedBinAt(knots, edges, value)
  const oneHot = oneHotBin(edges, value, bins)
  const at = (table: Tensor, first: number): Tensor => sum(mul(columns(table, first, bins), oneHot), -1)
  return {
    x0: at(knots.x, 0),
    x1: at(knots.x, 1),
    y0: at(knots.y, 0),
    y1: at(knots.y, 1),
    d0: at(knots.slopes, 0),
    d1: at(knots.slopes, 1),
  }
}

/** Where all rows have the same knots, [1, D, K + 1]: for each dimension one product of its tables with the one-hot columns of all rows. */
const sharedBinAt = (knots: Knots, edges: Tensor, value: Tensor): Bin => {
  const [, dim, count] = edges.shape as [number, number, number]
  const [rows, bins] = [value.shape[0]!, count - 1]
  const v = expandDims(transpose(value), 1)
  const inner = reshape(columns(edges, 1, bins - 1), [dim, bins - 1, 1])
  const end = (far: number): Tensor => fill([dim, 1, 1], far)
  const isAbove = greaterEqual(v, joined([end(-Infinity), inner], 1))
  const oneHot = cast(logicalAnd(isAbove, less(v, joined([inner, end(Infinity)], 1))), 'float32')
  const tables = [knots.x, knots.y, knots.slopes].flatMap(table =>
    [0, 1].map(first => reshape(columns(table, first, bins), [dim, 1, bins])),
  )
  const found = transpose(matMul(joined(tables, 1), oneHot), [1, 2, 0])
  const [x0, x1, y0, y1, d0, d1] = tables.map((_, i) => reshape(slice(found, [i, 0, 0], [1, rows, dim]), [rows, dim]))
  return { x0: x0!, x1: x1!, y0: y0!, y1: y1!, d0: d0!, d1: d1! }
}

/** [..., K] with a 1 at the bin whose lower edge is the last one not above the value. */
export const oneHotBin = (edges: Tensor, value: Tensor, bins: number): Tensor => {
  const v = expandDims(value, -1)
  const end = [...value.shape, 1]
  if (bins === 1) return ones(end)
  const above = cast(greaterEqual(v, columns(edges, 1, bins - 1)), 'float32')
  const lead = above.shape.slice(0, -1)
  return sub(joined([ones([...lead, 1]), above], -1), joined([above, zeros([...lead, 1])], -1))
}

/** s, the mean slope of a bin. */
const slopeOf = ({ x0, x1, y0, y1 }: Bin): Tensor => div(sub(y1, y0), sub(x1, x0))

const placeAt = ({ x0, x1 }: Bin, x: Tensor): Place => {
  const width = sub(x1, x0)
  return { xi: div(sub(x, x0), width), rest: div(sub(x1, x), width) }
}

/** s + (d1 + d0 - 2 s) xi (1 - xi): the subtraction takes at most 2 s / 4 away, so this is at least s / 2. */
const denominatorAt = (bin: Bin, s: Tensor, mixed: Tensor): Tensor => add(s, mul(sub(add(bin.d0, bin.d1), mul(2, s)), mixed))

/** Eq. 4. */
const valueAt = (bin: Bin, { xi, rest }: Place): Tensor => {
  const s = slopeOf(bin)
  const mixed = mul(xi, rest)
  const numerator = add(mul(s, square(xi)), mul(bin.d0, mixed))
  return add(bin.y0, div(mul(sub(bin.y1, bin.y0), numerator), denominatorAt(bin, s, mixed)))
}

/** The logarithm of eq. 5: s^2 (d1 xi^2 + 2 s xi (1 - xi) + d0 (1 - xi)^2) / denominator^2. */
const logDerivAt = (bin: Bin, { xi, rest }: Place): Tensor => {
  const s = slopeOf(bin)
  const mixed = mul(xi, rest)
  const numerator = add(add(mul(bin.d1, square(xi)), mul(mul(2, s), mixed)), mul(bin.d0, square(rest)))
  return add(mul(2, log(div(s, denominatorAt(bin, s, mixed)))), log(numerator))
}

/**
 * The place whose value is y. With t = (y - y0) / h, u = (y1 - y) / h and p = d0 u - d1 t, the discriminant of eq. 6 is
 * h^2 r^2, r^2 = p^2 + 4 s^2 t u: a sum of positive terms, where b^2 - 4 a c cancels. Then
 *
 *   xi = 2 s t / (2 s t + p + r),   1 - xi = 2 s u / (2 s u - p + r)
 *
 * of which the one is taken in which p and r add up.
 */
const rootAt = (bin: Bin, y: Tensor): Place => {
  const { y0, y1, d0, d1 } = bin
  const s = slopeOf(bin)
  const height = sub(y1, y0)
  const [t, u] = [div(sub(y, y0), height), div(sub(y1, y), height)]
  const p = sub(mul(d0, u), mul(d1, t))
  const r = sqrt(add(square(p), mul(mul(4, square(s)), mul(t, u))))
  const lower = greaterEqual(p, 0)
  const part = mul(mul(2, s), where(lower, t, u))
  const near = div(part, add(part, add(where(lower, p, neg(p)), r)))
  const far = sub(1, near)
  return { xi: where(lower, near, far), rest: where(lower, far, near) }
}
