import { share } from '../asm/control.ts'
import { f32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { pick } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { log } from '../math/logarithm.ts'
import { binAt, isInside, masked } from './spline-knots.ts'
import type { Bin, SplineStructure, Theta } from './spline-knots.ts'

const c = f32x4.const
const { add, sub, mul, div } = f32x4
const square = (x: Vec): Vec => mul(x, x)

/** A place in a bin, and the terms of the spline there; the letters are those of Durkan et al. 2019, eq. 4 and 5. */
export interface Place extends Bin {
  readonly w: Vec
  readonly h: Vec
  readonly s: Vec
  /** The way from the lower knot and to the upper one, in widths. */
  readonly xi: Vec
  readonly rest: Vec
  /** xi (1 - xi) */
  readonly mixed: Vec
  /** d1 + d0 - 2 s */
  readonly bend: Vec
  /** s + bend mixed */
  readonly denominator: Vec
  /** d1 xi^2 + 2 s mixed + d0 (1 - xi)^2 */
  readonly slopes: Vec
}

const place = (ar: Arithmetic, bin: Bin, sizes: Pick<Place, 'w' | 'h' | 's'>, xi: Vec, rest: Vec): Place => {
  const { s } = sizes
  const { d0, d1 } = bin
  const mixed = share(mul(xi, rest))
  const bend = share(sub(add(d0, d1), add(s, s)))
  return {
    ...bin,
    ...sizes,
    xi,
    rest,
    mixed,
    bend,
    denominator: share(ar.madd(bend, mixed, s)),
    slopes: share(ar.madd(d0, square(rest), ar.madd(add(s, s), mixed, mul(d1, square(xi))))),
  }
}

const sizesOf = ({ x0, x1, y0, y1 }: Bin): Pick<Place, 'w' | 'h' | 's'> => {
  const [w, h] = [share(sub(x1, x0)), share(sub(y1, y0))]
  return { w, h, s: share(div(h, w)) }
}

/** The place of x, which lies within the bound. */
export const placeOfX = (ar: Arithmetic, spline: SplineStructure, theta: Theta, x: Vec): Place => {
  const bin = binAt(ar, spline, theta, x, 'x')
  const sizes = sizesOf(bin)
  return place(ar, bin, sizes, share(div(sub(x, bin.x0), sizes.w)), share(div(sub(bin.x1, x), sizes.w)))
}

/** The place whose value is y, within the bound: core's root, in which nothing cancels. */
export const placeOfY = (ar: Arithmetic, spline: SplineStructure, theta: Theta, y: Vec): Place => {
  const bin = binAt(ar, spline, theta, y, 'y')
  const sizes = sizesOf(bin)
  const { h, s } = sizes
  const [t, u] = [share(div(sub(y, bin.y0), h)), share(div(sub(bin.y1, y), h))]
  const p = share(sub(mul(bin.d0, u), mul(bin.d1, t)))
  const r = f32x4.sqrt(ar.madd(p, p, mul(mul(c(4), square(s)), mul(t, u))))
  const lower = share(f32x4.ge(p, c(0)))
  const part = share(mul(add(s, s), pick(lower, t, u)))
  const near = share(div(part, add(part, add(f32x4.abs(p), r))))
  const far = share(sub(c(1), near))
  return place(ar, bin, sizes, share(pick(lower, near, far)), share(pick(lower, far, near)))
}

/** s xi^2 + d0 xi (1 - xi) over the denominator: the share of the bin's height. */
export const risen = (ar: Arithmetic, { s, xi, d0, mixed, denominator }: Place): Vec =>
  div(ar.madd(d0, mixed, mul(s, square(xi))), denominator)

const logDeriv = (ar: Arithmetic, { knots }: SplineStructure, { s, denominator, slopes }: Place): Vec => {
  const ratio = share(div(s, denominator))
  // within 1e-15 and 1e10 for clipped slopes; free ones would underflow
  if (knots === 'softclip') return log(ar, share(mul(square(ratio), slopes)))
  return ar.madd(c(2), log(ar, ratio), log(ar, slopes))
}

/** A value and a log-derivative for each lane. */
export interface Image {
  readonly value: Vec
  readonly logDeriv: Vec
}

/** Outside the bound the identity; what is NaN stays so. */
const withTails = (inside: Vec, x: Vec, image: Image): Image => {
  const value = share(image.value)
  const tail = share(add(x, mul(value, c(0))))
  return { value: pick(inside, value, tail), logDeriv: pick(inside, image.logDeriv, mul(tail, c(0))) }
}

/** Core's `splineForward` on four lanes. `x` is met more than once: share it. */
export const splineForward = (ar: Arithmetic, spline: SplineStructure, theta: Theta, x: Vec): Image => {
  const inside = share(isInside(spline, x))
  const at = placeOfX(ar, spline, theta, share(masked(x, inside)))
  const value = ar.madd(at.h, risen(ar, at), at.y0)
  return withTails(inside, x, { value, logDeriv: logDeriv(ar, spline, at) })
}

/** Core's `splineInverse` on four lanes. `y` is met more than once: share it. */
export const splineInverse = (ar: Arithmetic, spline: SplineStructure, theta: Theta, y: Vec): Image => {
  const inside = share(isInside(spline, y))
  const at = placeOfY(ar, spline, theta, share(masked(y, inside)))
  const value = ar.madd(at.x0, at.rest, mul(at.x1, at.xi))
  return withTails(inside, y, { value, logDeriv: f32x4.neg(logDeriv(ar, spline, at)) })
}
