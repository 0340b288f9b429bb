import { share } from '../asm/control.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { expModerate, sigmoid } from '../math/exponential.ts'
import { softplus } from '../math/logarithm.ts'
import { exp2 } from './exp2.ts'

/** A rational-quadratic spline of core: `bins` K >= 1 on [-bound, bound], and how theta becomes knots. */
export interface SplineStructure {
  readonly bins: number
  readonly bound: number
  readonly knots: 'softclip' | 'softmax' | 'distrax'
}

/** One of the 3K - 1 numbers that drive a spline, of the four elements in the lanes. */
export type Theta = (j: number) => Vec

const c = f32x4.const
const logSlope = -Math.log(1e-3)

/** x / (1 + |x| / limit), and the factor of x, whose square is the derivative. */
const softclip = (x: Vec, limit: number): { readonly value: Vec; readonly factor: Vec } => {
  const factor = share(f32x4.div(c(1), f32x4.add(c(1), f32x4.mul(f32x4.abs(x), c(1 / limit)))))
  return { value: f32x4.mul(x, factor), factor }
}

/** The smallest share of the interval that a bin has, and the smallest slope. */
const least = ({ knots, bound }: SplineStructure): { readonly share: number; readonly slope: number } =>
  knots === 'softclip'
    ? { share: 0, slope: 0 }
    : knots === 'softmax'
      ? { share: 1e-3, slope: 1e-3 }
      : { share: Math.min(1e-3, Math.max(1e-6, 1e-4 / (2 * bound))), slope: 1e-4 }

/** The positions of the knots along one axis. */
export interface Axis {
  /** Numerators of the bins' shares. */
  readonly powers: ReadonlyArray<Vec>
  /** Their derivatives by the raw numbers, each over its own power and over `rate`; undefined stands for 1. */
  readonly rates: ReadonlyArray<Vec | undefined>
  readonly rate: number
  /** One over the sum of the powers. */
  readonly reciprocal: Vec
  /** Knot k is scale (power_0 + ... + power_(k-1)) + `offset(k)`. */
  readonly scale: Vec
  /** Knots 0 to K; the ends are exact. */
  readonly positions: ReadonlyArray<Vec>
}

/** What a knot's position is beside its running sum. */
export const offset = (spline: SplineStructure, k: number): number => 2 * spline.bound * least(spline).share * k - spline.bound

const axis = (ar: Arithmetic, spline: SplineStructure, raw: ReadonlyArray<Vec>): Axis => {
  const { bins, bound, knots } = spline
  const ends = [c(-bound), c(bound)] as const
  if (bins === 1) return { powers: [c(1)], rates: [c(0)], rate: 1, reciprocal: c(1), scale: c(2 * bound), positions: ends }
  const { powers, rates, rate } = knots === 'softclip' ? clippedPowers(ar, raw) : freePowers(ar, raw)
  const sums = powers.slice(1).reduce<ReadonlyArray<Vec>>((all, power) => [...all, share(f32x4.add(all.at(-1)!, power))], [powers[0]!])
  const reciprocal = share(f32x4.div(c(1), sums.at(-1)!))
  const scale = share(f32x4.mul(c(2 * bound * (1 - bins * least(spline).share)), reciprocal))
  const inner = sums.slice(0, -1).map((sum, k) => share(ar.madd(sum, scale, c(offset(spline, k + 1)))))
  return { powers, rates, rate, reciprocal, scale, positions: [ends[0], ...inner, ends[1]] }
}

/** e^softclip(x) as a power of two: the logits lie within +-3.46, so no maximum need be subtracted. */
const clippedPowers = (ar: Arithmetic, raw: ReadonlyArray<Vec>): Pick<Axis, 'powers' | 'rates' | 'rate'> => {
  const limit = logSlope / 2
  const factors = raw.map(x => share(f32x4.div(c(1), ar.madd(f32x4.abs(x), c(Math.LN2 / limit), c(Math.LN2)))))
  return {
    powers: raw.map((x, j) => share(exp2(ar, f32x4.mul(x, factors[j]!)))),
    rates: factors.map(factor => f32x4.mul(factor, factor)),
    rate: Math.LN2 ** 2,
  }
}

const freePowers = (ar: Arithmetic, raw: ReadonlyArray<Vec>): Pick<Axis, 'powers' | 'rates' | 'rate'> => {
  const top = share(raw.reduce((a, b) => f32x4.pmax(a, b)))
  const down = (x: Vec): Vec => f32x4.pmax(f32x4.mul(f32x4.sub(x, top), c(Math.LOG2E)), c(-126)) // pmax lets NaN through in its first operand
  return { powers: raw.map(x => share(exp2(ar, down(x)))), rates: raw.map(() => undefined), rate: 1 }
}

/** A slope from its raw number, where 0 gives 1; and its derivative. */
const slope = (ar: Arithmetic, spline: SplineStructure, raw: Vec): { readonly value: Vec; readonly derivative: () => Vec } => {
  if (spline.knots === 'softclip') {
    const { value, factor } = softclip(raw, logSlope)
    const power = share(expModerate(ar, value))
    return { value: power, derivative: () => f32x4.mul(power, f32x4.mul(factor, factor)) }
  }
  const floor = least(spline).slope
  const shifted = share(f32x4.add(raw, c(Math.log(Math.expm1(1 - floor)))))
  return { value: f32x4.add(softplus(ar, shifted), c(floor)), derivative: () => sigmoid(ar, shifted) }
}

/** The bin of each lane: its two knots and the slopes there. */
export interface Bin {
  readonly x0: Vec
  readonly x1: Vec
  readonly y0: Vec
  readonly y1: Vec
  readonly d0: Vec
  readonly d1: Vec
  /** Derivatives of the slopes by their raw numbers. */
  readonly rates: readonly [() => Vec, () => Vec]
  /** All ones where the value is not below knot k; k = 1 .. K - 1. */
  readonly above: ReadonlyArray<Vec>
  /** All ones where the value is in bin k, k = 0 .. K - 1. */
  readonly within: ReadonlyArray<Vec>
  readonly x: Axis
  readonly y: Axis
}

/** `at(k)` where the value is in bin k; undefined stands for 0. */
export const inBin = ({ within }: Pick<Bin, 'within'>, at: (k: number) => Vec | undefined): Vec => {
  const parts = within.flatMap((mask, k) => {
    const value = at(k)
    return value === undefined ? [] : [within.length === 1 ? value : v128.and(value, mask)]
  })
  return parts.length === 0 ? c(0) : parts.reduce((a, b) => v128.or(a, b))
}

/**
 * The bin that holds `value`, which lies within the bound: the last one whose lower knot on the given axis is not above it. A number of
 * theta that is NaN or infinite makes the bin NaN.
 */
export const binAt = (ar: Arithmetic, spline: SplineStructure, theta: Theta, value: Vec, along: 'x' | 'y'): Bin => {
  const { bins } = spline
  const raw = (from: number): ReadonlyArray<Vec> => Array.from({ length: bins }, (_, j) => theta(from + j))
  const [x, y] = [axis(ar, spline, raw(0)), axis(ar, spline, raw(bins))]
  const edges = (along === 'x' ? x : y).positions
  const above = edges.slice(0, -1).map((edge, k) => (k === 0 ? c(0) : share(f32x4.ge(value, edge))))
  const within = above.map((mask, k) =>
    share(k === 0 ? v128.not(above[1] ?? c(0)) : k + 1 < bins ? v128.andnot(mask, above[k + 1]!) : mask),
  )
  const inner = (k: number): Vec => theta(2 * bins + k - 1)
  const rawSlope = (k: number): Vec | undefined => (k === 0 || k === bins ? undefined : inner(k))
  const [low, high] = [0, 1].map(end => slope(ar, spline, share(inBin({ within }, k => rawSlope(k + end))))) as [Slope, Slope] // two ends
  const stain = Array.from({ length: bins - 1 }, (_, k) => f32x4.mul(inner(k + 1), c(0))).reduce((a, b) => f32x4.add(a, b), c(0))
  const at = (positions: ReadonlyArray<Vec>, end: number): Vec => share(inBin({ within }, k => positions[k + end]!))
  return {
    x0: at(x.positions, 0),
    x1: at(x.positions, 1),
    y0: at(y.positions, 0),
    y1: at(y.positions, 1),
    d0: share(f32x4.add(low.value, stain)),
    d1: share(high.value),
    rates: [low.derivative, high.derivative],
    above,
    within,
    x,
    y,
  }
}
type Slope = ReturnType<typeof slope>

/** All ones where |x| <= bound. */
export const isInside = ({ bound }: SplineStructure, x: Vec): Vec => f32x4.le(f32x4.abs(x), c(bound))

/** x where the mask is set, else 0. */
export const masked = (x: Vec, mask: Vec): Vec => v128.and(x, mask)
