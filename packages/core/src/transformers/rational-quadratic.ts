import {
  abs,
  add,
  cast,
  clipByValue,
  div,
  expandDims,
  greaterEqual,
  lessEqual,
  log,
  maximum,
  mul,
  neg,
  ones,
  sqrt,
  square,
  sub,
  sum,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { KnotMap, RationalQuadraticSpec } from '../specs.ts'
import { real } from '../support.ts'
import { joined, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { knotsOf } from './knots.ts'
import type { Knots } from './knots.ts'
import { columns } from './theta.ts'

/**
 * Monotone rational-quadratic spline on [-bound, bound], the identity outside (Durkan et al. 2019, eq. 4).
 *
 *   y = y_k + (y_{k+1} - y_k)(s xi^2 + d_k xi (1 - xi)) / (s + (d_{k+1} + d_k - 2 s) xi (1 - xi))
 *
 * theta [N, ...event, 3 bins - 1]: widths, heights, inner slopes, unconstrained; zeros give the identity.
 *
 * @param bins  K >= 1
 * @param bound half-width of the interval, in the units of x
 * @param knots how theta becomes knots and slopes, see `knotsOf`
 * @example coupling(mlp({ hidden: [64, 64] }), rationalQuadratic({ bins: 8, bound: 5 }))
 * @see https://arxiv.org/abs/1906.04032
 */
export const rationalQuadratic = ({
  bins = 8,
  bound = 5,
  knots = 'softclip',
}: { readonly bins?: number; readonly bound?: number; readonly knots?: KnotMap } = {}): RationalQuadraticSpec => ({
  _tag: 'rationalQuadratic',
  bins,
  bound,
  knots,
})

export const rationalQuadraticTransformer = (spec: RationalQuadraticSpec): Transformer<Record<string, never>> => {
  const knots = (theta: Tensor): Knots => knotsOf(spec.knots, theta, spec.bins, spec.bound)
  return {
    spec,
    size: 3 * spec.bins - 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) => splineForward(knots(theta), x, spec.bound),
    inverse: (_, theta, y) => splineInverse(knots(theta), y, spec.bound),
  }
}

/** One bin for every value: its lower knot, its size, its mean slope s and the slopes d0, d1 at its ends. */
interface Bin {
  readonly x0: Tensor
  readonly y0: Tensor
  readonly width: Tensor
  readonly height: Tensor
  readonly s: Tensor
  readonly d0: Tensor
  readonly d1: Tensor
}

/**
 * The spline and its log-derivative at x; the identity where |x| > bound. x broadcasts against the knots' leading axes.
 */
export const splineForward = (knots: Knots, x: Tensor, bound: number): { readonly y: Tensor; readonly logDeriv: Tensor } =>
  tidy(() => {
    const inside = lessEqual(abs(x), bound)
    const xIn = where(inside, x, zerosLike(x))
    const bin = binAt(knots, knots.x, xIn)
    const xi = div(sub(xIn, bin.x0), bin.width)
    const y = valueAt(bin, xi)
    const logDeriv = logDerivAt(bin, xi)
    const tail = add(x, zeroUnlessNaN(y))
    return { y: where(inside, y, tail), logDeriv: where(inside, logDeriv, zeroUnlessNaN(tail)) }
  })

/**
 * The inverse of the spline and the log-derivative of that inverse at y (eq. 6-8, with the root that does not cancel). One
 * Newton step on the forward map takes the rounding of the quadratic away.
 */
export const splineInverse = (knots: Knots, y: Tensor, bound: number): { readonly x: Tensor; readonly logDeriv: Tensor } =>
  tidy(() => {
    const inside = lessEqual(abs(y), bound)
    const yIn = where(inside, y, zerosLike(y))
    const bin = binAt(knots, knots.y, yIn)
    const root = rootAt(bin, sub(yIn, bin.y0))
    const slope = mul(bin.width, derivAt(bin, root))
    const xi = clipByValue(sub(root, div(sub(valueAt(bin, root), yIn), slope)), 0, 1)
    // a mean of the two knots rather than x0 + xi width: exact at both
    const x = add(mul(bin.x0, sub(1, xi)), mul(add(bin.x0, bin.width), xi))
    const logDeriv = neg(logDerivAt(bin, xi))
    const tail = add(y, zeroUnlessNaN(x))
    return { x: where(inside, x, tail), logDeriv: where(inside, logDeriv, zeroUnlessNaN(tail)) }
  })

const binAt = (knots: Knots, edges: Tensor, value: Tensor): Bin => {
  const bins = edges.shape.at(-1)! - 1
  const oneHot = oneHotBin(edges, value, bins)
  const at = (table: Tensor): Tensor => sum(mul(table, oneHot), -1)
  const [lowX, lowY] = [columns(knots.x, 0, bins), columns(knots.y, 0, bins)]
  const width = at(sub(columns(knots.x, 1, bins), lowX))
  const height = at(sub(columns(knots.y, 1, bins), lowY))
  return {
    x0: at(lowX),
    y0: at(lowY),
    width,
    height,
    s: div(height, width),
    d0: at(columns(knots.slopes, 0, bins)),
    d1: at(columns(knots.slopes, 1, bins)),
  }
}

/** [..., K] with a 1 at the bin whose lower edge is the last one not above the value. */
const oneHotBin = (edges: Tensor, value: Tensor, bins: number): Tensor => {
  const v = expandDims(value, -1)
  const end = [...value.shape, 1]
  if (bins === 1) return ones(end)
  const above = cast(greaterEqual(v, columns(edges, 1, bins - 1)), 'float32')
  const lead = above.shape.slice(0, -1)
  return sub(joined([ones([...lead, 1]), above], -1), joined([above, zeros([...lead, 1])], -1))
}

const valueAt = ({ y0, height, s, d0, d1 }: Bin, xi: Tensor): Tensor => {
  const mixed = mul(xi, sub(1, xi))
  const numerator = add(mul(s, square(xi)), mul(d0, mixed))
  const denominator = add(s, mul(sub(add(d0, d1), mul(2, s)), mixed))
  return add(y0, div(mul(height, numerator), denominator))
}

/** s^2 (d1 xi^2 + 2 s xi (1 - xi) + d0 (1 - xi)^2) and s + (d1 + d0 - 2 s) xi (1 - xi), both positive for xi in [0, 1] (eq. 5). */
const derivParts = ({ s, d0, d1 }: Bin, xi: Tensor): readonly [Tensor, Tensor] => {
  const rest = sub(1, xi)
  const mixed = mul(xi, rest)
  const numerator = add(add(mul(d1, square(xi)), mul(mul(2, s), mixed)), mul(d0, square(rest)))
  // mixed <= 1/4 takes at most 2 s / 4 away, so this is at least s / 2
  const denominator = add(s, mul(sub(add(d0, d1), mul(2, s)), mixed))
  return [numerator, denominator]
}

const derivAt = (bin: Bin, xi: Tensor): Tensor => {
  const [numerator, denominator] = derivParts(bin, xi)
  return mul(square(div(bin.s, denominator)), numerator)
}

const logDerivAt = (bin: Bin, xi: Tensor): Tensor => {
  const [numerator, denominator] = derivParts(bin, xi)
  return add(mul(2, log(div(bin.s, denominator))), log(numerator))
}

/** The root xi in [0, 1] of a xi^2 + b xi + c = 0, in the form that does not cancel for the sign of b (distrax). */
const rootAt = ({ height, s, d0, d1 }: Bin, dy: Tensor): Tensor => {
  const bend = mul(dy, sub(add(d0, d1), mul(2, s)))
  const a = add(mul(height, sub(s, d0)), bend)
  const b = sub(mul(height, d0), bend)
  const c = neg(mul(s, dy))
  // positive in exact arithmetic; rounding may take it to 0 or below, where the root's gradient is infinite
  const discriminant = maximum(sub(square(b), mul(mul(4, a), c)), 1e-30)
  const rootOfIt = sqrt(discriminant)
  const plain = greaterEqual(b, 0)
  const direct = div(mul(-2, c), add(where(plain, b, zerosLike(b)), rootOfIt))
  const safeA = where(plain, ones(a.shape), mul(2, a))
  const swapped = div(sub(rootOfIt, where(plain, zerosLike(b), b)), safeA)
  return clipByValue(where(plain, direct, swapped), 0, 1)
}

const knotMaps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']

export const rationalQuadraticEntry: TransformerEntry<RationalQuadraticSpec> = {
  tag: 'rationalQuadratic',
  build: (spec, site) => {
    const at = (field: string): string => showPath([...site.path, field])
    if (!Number.isSafeInteger(spec.bins) || spec.bins < 1 || spec.bins > 999)
      throw new RangeError(`build: expected a whole number of bins from 1 to 999, got ${spec.bins} at ${at('bins')}`)
    if (!(spec.bound > 0 && Number.isFinite(spec.bound)))
      throw new RangeError(`build: expected a positive finite bound, got ${spec.bound} at ${at('bound')}`)
    if (!knotMaps.includes(spec.knots))
      throw new RangeError(`build: expected one of ${knotMaps.join(', ')}, got ${String(spec.knots)} at ${at('knots')}`)
    return rationalQuadraticTransformer(spec)
  },
}
