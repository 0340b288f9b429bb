import { share } from '../asm/control.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { flipBySignOf, magnitude, odd, pick, polynomial, withSignOf } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'

const c = f32x4.const
/** pi / 2 as the sum of two float32 numbers. */
const halfPi = { high: Math.fround(Math.PI / 2), low: Math.PI / 2 - Math.fround(Math.PI / 2) }
const atanCoefficients = [-3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2]

/** pi / 2 - angle */
const fromHalfPi = (angle: Vec): Vec => f32x4.add(c(halfPi.high), f32x4.sub(c(halfPi.low), angle))
/** pi - angle */
const fromPi = (angle: Vec): Vec => f32x4.add(c(2 * halfPi.high), f32x4.sub(c(2 * halfPi.low), angle))

/** atan t for 0 <= t <= 1: above tan(pi / 8) by pi / 4 + atan((t - 1) / (t + 1)) (Cephes atanf). */
const atanToOne = (ar: Arithmetic, t: Vec): Vec => {
  const isLarge = share(f32x4.gt(t, c(Math.tan(Math.PI / 8))))
  const x = share(pick(isLarge, f32x4.div(f32x4.sub(t, c(1)), f32x4.add(t, c(1))), t))
  const z = share(f32x4.mul(x, x))
  const small = ar.madd(f32x4.mul(polynomial(ar, z, atanCoefficients), z), x, x)
  return f32x4.add(v128.and(isLarge, c(halfPi.high / 2)), f32x4.add(small, v128.and(isLarge, c(halfPi.low / 2))))
}

/** atan x: 1 / x above 1, then `atanToOne`. All x. Error at most 2.23 ulp. */
export const atan = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const isLarge = share(f32x4.gt(a, c(1)))
    const angle = share(atanToOne(ar, share(pick(isLarge, f32x4.div(c(1), a), a))))
    return pick(isLarge, fromHalfPi(angle), angle)
  })

/** The angle of (x, y) in [-pi, pi]. All y and x with the signs of zero as IEEE 754 has them; NaN when either is. Error at most 3 ulp on 31,000 pairs. */
export const atan2 = (ar: Arithmetic, ordinate: Vec, abscissa: Vec): Vec => {
  const [y, x] = [share(ordinate), share(abscissa)]
  const [a, b] = [magnitude(y), magnitude(x)]
  const isSteep = share(f32x4.gt(a, b))
  const [smaller, larger] = [pick(isSteep, b, a), share(pick(isSteep, a, b))]
  const isEqual = share(f32x4.eq(a, b)) // 0 / 0 and Infinity / Infinity
  const equal = v128.andnot(c(1), f32x4.eq(a, c(0)))
  const t = share(pick(isEqual, equal, f32x4.div(smaller, larger)))
  const first = share(atanToOne(ar, t))
  const steep = share(pick(isSteep, fromHalfPi(first), first))
  const angle = pick(i32x4.ltS(x, i32x4.const(0)), fromPi(steep), steep)
  return v128.or(withSignOf(y, f32x4.abs(angle)), v128.or(f32x4.ne(x, x), f32x4.ne(y, y)))
}

/** asin s of 0 <= s <= 1/2 from z = s^2 (Cephes asinf). */
const asinSmall = (ar: Arithmetic, s: Vec, z: Vec): Vec =>
  ar.madd(f32x4.mul(polynomial(ar, z, [1.6666752422e-1, 7.4953002686e-2, 4.5470025998e-2, 2.4181311049e-2, 4.2163199048e-2]), z), s, s)

/** |x| and asin of it below 1/2, else of sqrt((1 - |x|) / 2), which is (pi / 2 - asin |x|) / 2. */
const halves = (ar: Arithmetic, a: Vec): { readonly isLarge: Vec; readonly angle: Vec } => {
  const isLarge = share(f32x4.gt(a, c(0.5)))
  const z = share(pick(isLarge, f32x4.mul(c(0.5), f32x4.sub(c(1), a)), f32x4.mul(a, a)))
  return { isLarge, angle: share(asinSmall(ar, share(pick(isLarge, f32x4.sqrt(z), a)), z)) }
}

/** asin x (Cephes asinf). NaN outside [-1, 1]. Error at most 2.28 ulp. */
export const asin = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const { isLarge, angle } = halves(ar, a)
    return pick(isLarge, fromHalfPi(f32x4.add(angle, angle)), angle)
  })

/** acos x (Cephes acosf). NaN outside [-1, 1]. Error at most 1.11 ulp. */
export const acos = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const { isLarge, angle } = halves(ar, magnitude(x))
  const twice = share(f32x4.add(angle, angle))
  const outer = pick(i32x4.ltS(x, i32x4.const(0)), fromPi(twice), twice)
  const inner = fromHalfPi(flipBySignOf(x, angle))
  return pick(isLarge, outer, inner)
}
