import { choose, share } from '../asm/control.ts'
import { f32x4, f64x2, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { pick } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'
import { log1p } from './logarithm.ts'

/** Giles 2010: P for w < 5, a polynomial in w - 5/2, the highest power first. */
const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
]
/** P for w >= 5, a polynomial in sqrt(w) - 3. */
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
]

const d = f64x2.const
const horner = (t: Vec, coefficients: ReadonlyArray<number>): Vec =>
  coefficients.slice(1).reduce<Vec>((sum, k) => f64x2.add(f64x2.mul(sum, t), d(Math.fround(k))), d(Math.fround(coefficients[0]!)))
const wide = (t: Vec, coefficients: ReadonlyArray<number>): Vec => {
  const half = (pair: Vec): Vec => f32x4.demoteF64x2Zero(horner(share(f64x2.promoteLowF32x4(pair)), coefficients))
  return shuffle32(half(t), half(shuffle32(t, t, [2, 3, 2, 3])), [0, 1, 4, 5])
}

/**
 * The inverse error function for x in (-1, 1): x P(w), w = -log1p(-x^2) (Giles 2010), the polynomials in float64. x^2 is rounded to float32 as in core
 * and JAX, which moves the tails by up to 2e-5: their numbers have that in them.
 *
 * @see https://people.maths.ox.ac.uk/gilesm/files/gems_erfinv.pdf
 */
export const erfInv = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const w = share(f32x4.neg(log1p(ar, f32x4.neg(f32x4.mul(x, x)))))
  const inside = share(wide(share(f32x4.sub(w, f32x4.const(2.5))), central))
  const outside = wide(share(f32x4.sub(f32x4.sqrt(w), f32x4.const(3))), tail)
  // four lanes in a hundred groups have one outside
  const p = choose(v128.anyTrue(f32x4.ge(w, f32x4.const(5))), pick(f32x4.lt(w, f32x4.const(5)), inside, outside), inside)
  return f32x4.mul(x, p)
}
