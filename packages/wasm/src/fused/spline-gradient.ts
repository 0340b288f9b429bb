import { share } from '../asm/control.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { pick } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { inBin, isInside, masked, offset } from './spline-knots.ts'
import type { Axis, Bin, SplineStructure, Theta } from './spline-knots.ts'
import { placeOfX, placeOfY, risen } from './spline-lanes.ts'
import type { Place } from './spline-lanes.ts'

const c = f32x4.const
const { add, sub, mul, div, neg } = f32x4

/** Gradients of a spline by its argument and by each of the 3K - 1 numbers. */
export interface Gradients {
  readonly argument: Vec
  readonly theta: ReadonlyArray<Vec>
}

/** What a place's gradients hang on: cotangents of y at a fixed x, of the log-derivative, and of xi. */
interface Cotangents {
  readonly value: Vec
  readonly logDeriv: Vec
  readonly xi: Vec
}

interface Terms {
  readonly overD: Vec
  readonly overP: Vec
  readonly overW: Vec
  /** dy / dx */
  readonly slope: Vec
  /** d logDeriv / d xi */
  readonly turn: Vec
}

const termsAt = (at: Place): Terms => {
  const { s, xi, rest, d0, d1, bend, denominator, slopes, w } = at
  const [overD, overP, overW] = [denominator, slopes, w].map(x => share(div(c(1), x))) as [Vec, Vec, Vec] // three as given
  const ratio = share(mul(s, overD))
  const lean = share(sub(rest, xi))
  const ofSlopes = mul(sub(add(mul(d1, xi), mul(s, lean)), mul(d0, rest)), overP)
  const half = share(sub(ofSlopes, mul(mul(bend, lean), overD)))
  return { overD, overP, overW, slope: share(mul(mul(ratio, ratio), slopes)), turn: share(add(half, half)) }
}

/** Gradients by theta of value y + logDeriv l at a place, by the chain rule through eq. 4 and 5. */
const gradients = (ar: Arithmetic, spline: SplineStructure, at: Place, terms: Terms, by: Cotangents): ReadonlyArray<Vec> => {
  const { bins } = spline
  const { s, xi, rest, mixed, h, within, rates } = at
  const { overD, overP, overW } = terms
  if (bins === 1) return [c(0), c(0)]
  const rise = share(risen(ar, at))
  const reach = share(mul(mul(by.value, h), overD))
  const twice = share(mul(add(mixed, mixed), overD))
  const straight = share(sub(c(1), add(mixed, mixed)))
  const byS = share(
    add(
      mul(reach, sub(mul(xi, xi), mul(rise, straight))),
      mul(by.logDeriv, mul(c(2), add(sub(div(c(1), s), mul(straight, overD)), mul(mixed, overP)))),
    ),
  )
  const bySlope = (whole: Vec, end: Vec): Vec => add(mul(mul(reach, mixed), whole), mul(by.logDeriv, sub(mul(mul(end, end), overP), twice)))
  const byLow = share(mul(bySlope(sub(c(1), rise), rest), rates[0]()))
  const byHigh = share(mul(bySlope(neg(rise), xi), rates[1]()))
  const byH = share(ar.madd(by.value, rise, mul(byS, overW)))
  const along = share(mul(by.xi, overW))
  const ofX = axisGradients(ar, spline, at, at.x, at.x0, neg(along), neg(ar.madd(along, xi, mul(mul(byS, s), overW))))
  const ofY = axisGradients(ar, spline, at, at.y, at.y0, by.value, byH)
  const ofSlopes = Array.from({ length: bins - 1 }, (_, i) => {
    const k = i + 1
    return v128.or(v128.and(byLow, within[k]!), v128.and(byHigh, within[k - 1]!))
  })
  return [...ofX, ...ofY, ...ofSlopes]
}

/**
 * Gradients by the raw widths or heights, given `byBoth`, the sum of those by the two knots of the bin, and that by the upper one: each is large where
 * the bin is narrow, their sum is not. Knot k moves with shares 0 .. k - 1; the last one is fixed.
 */
const axisGradients = (
  ar: Arithmetic,
  spline: SplineStructure,
  bin: Bin,
  { powers, rates, rate, reciprocal, scale }: Axis,
  low: Vec,
  byBoth: Vec,
  byUpper: Vec,
): ReadonlyArray<Vec> => {
  const { bins } = spline
  const { above } = bin
  const isLast = above[bins - 1]!
  const rated = (g: Vec): Vec => (rate === 1 ? g : mul(g, c(rate)))
  const upper = share(rated(byUpper))
  const before = share(sub(rated(byBoth), v128.and(upper, isLast)))
  const own = share(mul(v128.andnot(upper, isLast), scale))
  const isEven = offset(spline, 0) === offset(spline, 1)
  const start = isEven ? c(offset(spline, 0)) : inBin(bin, k => c(offset(spline, k)))
  const chosen = inBin(bin, k => powers[k])
  const later = share(neg(mul(ar.madd(before, sub(low, start), mul(own, chosen)), reciprocal)))
  const same = share(add(own, later))
  const earlier = share(ar.madd(scale, before, later))
  // bits that differ are flipped where a knot has been passed
  const [flipSame, flipEarlier] = [share(v128.xor(later, same)), share(v128.xor(same, earlier))]
  return powers.map((power, j) => {
    const fromHere = j === 0 ? same : v128.xor(later, v128.and(flipSame, above[j]!))
    const byPower = j + 1 < bins ? v128.xor(fromHere, v128.and(flipEarlier, above[j + 1]!)) : fromHere
    const inner = rates[j]
    return mul(inner === undefined ? power : mul(power, inner), byPower)
  })
}

/** Gradients of gy y + gl logDeriv of `splineForward`. */
export const splineForwardGradients = (ar: Arithmetic, spline: SplineStructure, theta: Theta, x: Vec, gy: Vec, gl: Vec): Gradients => {
  const inside = share(isInside(spline, x))
  const at = placeOfX(ar, spline, theta, share(masked(x, inside)))
  const terms = termsAt(at)
  const [value, logDeriv] = [share(masked(gy, inside)), share(masked(gl, inside))]
  const xi = share(ar.madd(mul(value, at.w), terms.slope, mul(logDeriv, terms.turn)))
  return {
    argument: pick(inside, mul(xi, terms.overW), gy),
    theta: gradients(ar, spline, at, terms, { value, logDeriv, xi }),
  }
}

/** Gradients of gx x + gl logDeriv of `splineInverse`, by the implicit function theorem: f(x, theta) = y. */
export const splineInverseGradients = (ar: Arithmetic, spline: SplineStructure, theta: Theta, y: Vec, gx: Vec, gl: Vec): Gradients => {
  const inside = share(isInside(spline, y))
  const at = placeOfY(ar, spline, theta, share(masked(y, inside)))
  const terms = termsAt(at)
  const [byX, logDeriv] = [share(masked(gx, inside)), share(neg(masked(gl, inside)))]
  const total = ar.madd(mul(logDeriv, terms.turn), terms.overW, byX)
  const value = share(neg(div(total, terms.slope)))
  return {
    argument: pick(inside, neg(value), gx),
    theta: gradients(ar, spline, at, terms, { value, logDeriv, xi: share(neg(mul(byX, at.w))) }),
  }
}
