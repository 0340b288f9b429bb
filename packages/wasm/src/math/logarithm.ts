import { share } from '../asm/control.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { magnitude, odd, pick, polynomial, withSignOf } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'
import { exp } from './exponential.ts'

const c = f32x4.const
const ln2 = { high: 0.693359375, low: -2.1219444e-4 }

/** u = 2^n m with m in [sqrt(1/2), sqrt 2), for normal u. */
const split = (u: Vec): { readonly n: Vec; readonly m: Vec } => {
  const n = share(i32x4.shrS(i32x4.sub(u, i32x4.const(0x3f3504f3)), 23))
  return { n, m: i32x4.sub(u, i32x4.shl(n, 23)) }
}

/** log(1 + f) + n ln 2 + correction, f in [-0.293, 0.414] (Cephes logf). */
const logOf = (ar: Arithmetic, f: Vec, exponent: Vec, correction?: Vec): Vec => {
  const n = share(exponent)
  const z = share(f32x4.mul(f, f))
  const p = polynomial(
    ar,
    f,
    [
      3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1, 1.167699874e-1,
      -1.151461031e-1, 7.0376836292e-2,
    ],
  )
  const low = ar.madd(n, c(ln2.low), f32x4.mul(f32x4.mul(p, f), z))
  const tail = ar.nmadd(z, c(0.5), correction === undefined ? low : f32x4.add(low, correction))
  return ar.madd(n, c(ln2.high), f32x4.add(f, tail))
}

/** log x: x = 2^n m, a polynomial of degree 10 in m - 1 (Cephes logf). All x, subnormal ones too; NaN below 0. Error at most 0.78 ulp. */
export const log = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const isSmall = share(f32x4.lt(x, c(2 ** -126)))
  const { n, m } = split(share(pick(isSmall, f32x4.mul(x, c(2 ** 25)), x)))
  const exponent = f32x4.sub(f32x4.convertI32x4S(n), v128.and(isSmall, c(25)))
  const value = logOf(ar, share(f32x4.sub(m, c(1))), exponent)
  const isOrdinary = v128.and(f32x4.gt(x, c(0)), f32x4.lt(x, c(Infinity)))
  const special = pick(f32x4.eq(x, c(0)), c(-Infinity), v128.or(x, f32x4.lt(x, c(0)))) // all ones are a NaN
  return pick(isOrdinary, value, special)
}

/** log(1 + x) for finite x > -1: what 1 + x rounds away comes back as a correction over 1 + x. */
const log1pOrdinary = (ar: Arithmetic, x: Vec): Vec => {
  const u = share(f32x4.add(x, c(1)))
  const { n, m } = split(u)
  const isNearOne = share(i32x4.eq(n, i32x4.const(0)))
  const lost = pick(f32x4.ge(x, c(1)), f32x4.sub(c(1), f32x4.sub(u, x)), f32x4.sub(x, f32x4.sub(u, c(1))))
  const correction = v128.andnot(f32x4.div(lost, u), isNearOne)
  return logOf(ar, share(pick(isNearOne, x, f32x4.sub(m, c(1)))), f32x4.convertI32x4S(n), correction)
}

/** log(1 + x), exact in x near 0 (Kahan's correction). All x; NaN below -1; -0 stays -0. Error at most 0.80 ulp. */
export const log1p = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const value = withSignOf(x, f32x4.abs(log1pOrdinary(ar, x)))
  const isOrdinary = v128.and(f32x4.gt(x, c(-1)), f32x4.lt(x, c(Infinity)))
  const special = pick(f32x4.eq(x, c(-1)), c(-Infinity), v128.or(x, f32x4.lt(x, c(-1))))
  return pick(isOrdinary, value, special)
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). All x. Error at most 1.55 ulp. */
export const softplus = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const tail = share(exp(ar, f32x4.neg(magnitude(x))))
  const value = f32x4.add(f32x4.pmax(x, c(0)), log1pOrdinary(ar, tail))
  return pick(f32x4.ne(x, x), x, value)
}

const isHuge = (x: Vec): Vec => share(f32x4.gt(x, c(2 ** 27)))
/** log(1 + t), and log 2 more where t stands for half of what was meant. */
const logOfDouble = (ar: Arithmetic, t: Vec, huge: Vec): Vec => f32x4.add(log1p(ar, t), v128.and(huge, c(Math.LN2)))

/** asinh x: log1p(a + a^2 / (1 + sqrt(a^2 + 1))) with a = |x|; log(2 a) above 2^27. All x. Error at most 1.64 ulp. */
export const asinh = (ar: Arithmetic, argument: Vec): Vec =>
  odd(share(argument), a => {
    const huge = isHuge(a)
    const square = share(f32x4.mul(a, a))
    const excess = f32x4.div(square, f32x4.add(c(1), f32x4.sqrt(f32x4.add(square, c(1)))))
    return logOfDouble(ar, share(pick(huge, a, f32x4.add(a, excess))), huge)
  })

/** acosh x: log1p(t + sqrt(t (2 + t))) with t = x - 1; log(2 x) above 2^27. NaN below 1. Error at most 2.20 ulp. */
export const acosh = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const huge = isHuge(x)
  const t = share(f32x4.sub(x, c(1)))
  const grown = f32x4.add(t, f32x4.sqrt(f32x4.mul(t, f32x4.add(t, c(2)))))
  return v128.or(logOfDouble(ar, share(pick(huge, x, grown)), huge), f32x4.lt(x, c(1)))
}

/** atanh x: log1p(2 a / (1 - a)) / 2 with a = |x|. Infinity at 1, NaN above. Error at most 1.99 ulp. */
export const atanh = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  return odd(x, a => f32x4.mul(c(0.5), log1p(ar, share(f32x4.div(f32x4.add(a, a), f32x4.sub(c(1), a))))))
}
