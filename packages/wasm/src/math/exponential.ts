import { share } from '../asm/control.ts'
import { f32x4, i32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { magnitude, odd, pick, polynomial } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'

const c = f32x4.const
/** ln 2 in two parts: the first has 9 bits, so that its product with an exponent is exact. */
const ln2 = { high: 0.693359375, low: -2.1219444e-4 }
/** Added to |t| < 2^22 it rounds t to an integer, which then stands in the low bits. */
const roundingMagic = 12582912

/** x = n ln 2 + r with |r| <= 0.347; n as an integer, `p` = e^r - 1. */
const reduced = (ar: Arithmetic, x: Vec): { readonly n: Vec; readonly r: Vec; readonly p: Vec } => {
  const shifted = share(ar.madd(x, c(Math.LOG2E), c(roundingMagic)))
  const whole = share(f32x4.sub(shifted, c(roundingMagic)))
  const r = share(ar.nmadd(whole, c(ln2.low), ar.nmadd(whole, c(ln2.high), x)))
  const n = share(i32x4.sub(shifted, c(roundingMagic)))
  // Cephes expf: (e^r - 1 - r) / r^2
  const q = polynomial(ar, r, [5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.98756915e-4])
  return { n, r, p: share(ar.madd(q, f32x4.mul(r, r), r)) }
}

const powerOfTwo = (n: Vec): Vec => i32x4.shl(i32x4.add(n, i32x4.const(127)), 23)

/** e^x 2^k, rounded once where it is subnormal. */
const expTimes = (ar: Arithmetic, x: Vec, k: number): Vec => {
  // pmin and pmax let NaN through in their first operand
  const { n, p } = reduced(ar, share(f32x4.pmin(f32x4.pmax(x, c(-105)), c(90))))
  const half = share(i32x4.shrS(n, 1))
  const rest = i32x4.sub(k === 0 ? n : i32x4.add(n, i32x4.const(k)), half)
  return f32x4.mul(f32x4.mul(f32x4.add(p, c(1)), powerOfTwo(half)), powerOfTwo(rest))
}

/** e^x: x = n ln 2 + r, a polynomial of degree 7 in r (Cephes expf), 2^n in two factors. All x; 0 below -103.97, Infinity above 88.72. Error at most 1.00 ulp. */
export const exp = (ar: Arithmetic, x: Vec): Vec => expTimes(ar, share(x), 0)

/** e^x for -86 <= x <= 88, or NaN: one factor 2^n, no clipping. */
export const expModerate = (ar: Arithmetic, x: Vec): Vec => {
  const { n, p } = reduced(ar, share(x))
  return f32x4.mul(f32x4.add(p, c(1)), powerOfTwo(n))
}

/** e^x - 1: 2^n (e^r - 1) + (2^n - 1), at half the size so that it does not overflow early. All x; -0 stays -0. Error at most 1.53 ulp. */
export const expm1 = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const { n, p } = reduced(ar, share(f32x4.pmin(f32x4.pmax(x, c(-20)), c(88.8))))
  const half = share(powerOfTwo(i32x4.sub(n, i32x4.const(1))))
  const sum = share(ar.madd(p, half, f32x4.sub(half, c(0.5))))
  const small = f32x4.lt(magnitude(x), c(2 ** -25)) // the sign of zero
  return pick(small, x, pick(i32x4.eq(n, i32x4.const(0)), p, f32x4.add(sum, sum)))
}

/** 1 / (1 + e^-x), from e^-|x|, so that the lower tail keeps its digits. All x. Error at most 2.62 ulp. */
export const sigmoid = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const e = share(exp(ar, f32x4.neg(magnitude(x))))
  const upper = share(f32x4.div(c(1), f32x4.add(c(1), e)))
  return pick(f32x4.lt(x, c(0)), f32x4.mul(e, upper), upper)
}

/** tanh x: an odd polynomial of degree 11 below 0.625 (Cephes tanhf), above it 1 - 2 / (e^2|x| + 1). All x. Error at most 1.31 ulp. */
export const tanh = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const z = share(f32x4.mul(a, a))
    const p = polynomial(ar, z, [-3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2, -5.70498872745e-3])
    const small = ar.madd(f32x4.mul(p, z), a, a)
    const e = expModerate(ar, f32x4.pmin(f32x4.add(a, a), c(40)))
    return pick(f32x4.lt(a, c(0.625)), small, f32x4.sub(c(1), f32x4.div(c(2), f32x4.add(e, c(1)))))
  })

/** sinh x: an odd polynomial of degree 7 below 1 (Cephes sinhf), above it h - 1 / (4 h) with h = e^|x| / 2. All x. Error at most 1.61 ulp. */
export const sinh = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const z = share(f32x4.mul(a, a))
    const p = polynomial(ar, z, [1.66667160211e-1, 8.33028376239e-3, 2.03721912945e-4])
    const h = share(expTimes(ar, a, -1))
    return pick(f32x4.lt(a, c(1)), ar.madd(f32x4.mul(p, z), a, a), f32x4.sub(h, f32x4.div(c(0.25), h)))
  })

/** cosh x: h + 1 / (4 h) with h = e^|x| / 2. All x. Error at most 1.43 ulp. */
export const cosh = (ar: Arithmetic, x: Vec): Vec => {
  const h = share(expTimes(ar, magnitude(share(x)), -1))
  return f32x4.add(h, f32x4.div(c(0.25), h))
}

/**
 * erf x: x P(x^2) of degree 5 below 0.9375, above it 1 - e^-Q(|x|), Q / |x| of degree 6 (minimax fits to -log erfc, relative
 * error 2^-25.6 and 2^-30). All x. Error at most 1.29 ulp.
 */
export const erf = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const z = f32x4.mul(a, a)
    const p = polynomial(ar, share(z), [0.1283791512, -0.37612468, 0.1128155217, -0.0267570354, 0.00497912988, -0.000591941585])
    const t = share(f32x4.pmin(a, c(4)))
    const q = polynomial(ar, t, [1.12865853, 0.635110736, 0.106303677, -0.0238193776, 0.00366946124, -0.000329422823, 1.18905737e-5])
    const tail = expModerate(ar, f32x4.neg(f32x4.mul(t, q)))
    return pick(f32x4.lt(a, c(0.9375)), ar.madd(p, a, a), f32x4.sub(c(1), tail))
  })
