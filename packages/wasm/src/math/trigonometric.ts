import type { Expr, Func } from '../asm/code.ts'
import { after, apply, choose, func, get, local, select, seq, set, share, when } from '../asm/control.ts'
import { f32, f64, i32, i64 } from '../asm/scalar.ts'
import { f32x4, f64x2, i32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { flipBySignOf, magnitude, pick, polynomial } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'

const c = f32x4.const
/** pi / 2 in two parts, the first of 25 bits: its product with an integer below 2^28 is exact in float64. */
const halfPi = { high: 1.5707963109016418, low: 1.5893254773528196e-8 }
const roundingMagic64 = 6755399441055744
/** The first 224 bits behind the point of 2 / pi, in words of 32. */
const twoOverPi: ReadonlyArray<number> = [0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab]

const wordAt = (i: Expr<'i32'>, ahead: number): Expr<'i64'> =>
  [0, 1, 2].reduceRight<Expr<'i64'>>(
    (rest, at) => select(i32.eq(i, at), i64.const(twoOverPi[at + ahead]!), rest),
    i64.const(twoOverPi[3 + ahead]!),
  )

/**
 * x 2 / pi modulo 4 in units of 2^-62, for the bits of a float32 with 2^28 <= |x| < Infinity (Payne and Hanek 1983): the mantissa
 * times the 96 bits of 2 / pi whose products stay below 4.
 */
const quadrants: Func = func(
  'quadrants',
  [['bits', 'i32']],
  bits => {
    const offset = share(i32.sub(i32.and(i32.shrU(get(bits), 23), 255), 152))
    const [i, shift] = [share(i32.shrU(offset, 5)), share(i64.extendI32U(i32.and(offset, 31)))]
    const window = (ahead: number): Expr<'i64'> =>
      i64.shrU(i64.shl(i64.or(i64.shl(wordAt(i, ahead), i64.const(32)), wordAt(i, ahead + 1)), shift), i64.const(32))
    const mantissa = share(i64.extendI32U(i32.or(i32.and(get(bits), 0x7fffff), 0x800000)))
    const value = share(
      i64.add(
        i64.add(i64.shl(i64.mul(mantissa, window(0)), i64.const(32)), i64.mul(mantissa, window(1))),
        i64.shrU(i64.mul(mantissa, window(2)), i64.const(32)),
      ),
    )
    return choose(i32.ltS(get(bits), 0), i64.sub(i64.const(0), value), value)
  },
  'i64',
)

interface Reduced {
  /** x - q pi / 2, |r| <= pi / 4. */
  readonly r: Vec
  /** q modulo 2^32. */
  readonly q: Vec
}

/** Cody and Waite in float64, exact enough for |x| < 2^28; above it Payne and Hanek, lane by lane. NaN for infinite x. */
const reduce = (x: Vec): Reduced => {
  const [r, q] = [local('v128', 'r'), local('v128', 'q')]
  const half = (pair: Vec): { readonly r: Vec; readonly shifted: Vec } => {
    const wide = share(f64x2.promoteLowF32x4(pair))
    const shifted = share(f64x2.add(f64x2.mul(wide, f64x2.const(2 / Math.PI)), f64x2.const(roundingMagic64)))
    const n = share(f64x2.sub(shifted, f64x2.const(roundingMagic64)))
    const rest = f64x2.sub(f64x2.sub(wide, f64x2.mul(n, f64x2.const(halfPi.high))), f64x2.mul(n, f64x2.const(halfPi.low)))
    return { r: f32x4.demoteF64x2Zero(rest), shifted }
  }
  const [low, high] = [half(x), half(shuffle32(x, x, [2, 3, 2, 3]))]
  const a = magnitude(x)
  const isLarge = v128.and(f32x4.ge(a, c(2 ** 28)), f32x4.lt(a, c(Infinity)))
  const lane = (i: number): ReturnType<typeof seq> => {
    const value = share(apply('i64', quadrants, share(i32x4.extractLane(x, i))))
    const n = share(i64.shrS(i64.add(value, i64.const(2n ** 61n)), i64.const(62)))
    const rest = f64.mul(f64.convertI64S(i64.sub(value, i64.shl(n, i64.const(62)))), f64.const((Math.PI / 2) * 2 ** -62))
    return when(
      i32x4.extractLane(get(large), i),
      seq(set(r, f32x4.replaceLane(get(r), i, f32.demoteF64(rest))), set(q, i32x4.replaceLane(get(q), i, i32.wrapI64(n)))),
    )
  }
  const large = local('v128', 'large')
  const steps = seq(
    set(r, shuffle32(low.r, high.r, [0, 1, 4, 5])),
    set(q, shuffle32(low.shifted, high.shifted, [0, 2, 4, 6])),
    set(large, isLarge),
    when(v128.anyTrue(get(large)), seq(lane(0), lane(1), lane(2), lane(3))),
  )
  return { r: share(after(steps, get(r))), q: share(get(q)) }
}

/** sin r for 0 <= r <= pi / 4 (Cephes sinf). */
const sine = (ar: Arithmetic, r: Vec, z: Vec): Vec =>
  ar.madd(f32x4.mul(polynomial(ar, z, [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4]), z), r, r)
/** cos r for |r| <= pi / 4 (Cephes cosf). */
const cosine = (ar: Arithmetic, z: Vec): Vec =>
  ar.madd(
    f32x4.mul(polynomial(ar, z, [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5]), z),
    z,
    ar.nmadd(z, c(0.5), c(1)),
  )

const isOdd = (q: Vec): Vec => i32x4.eq(v128.and(q, i32x4.const(1)), i32x4.const(1))

/** sin x: reduction by pi / 2 in float64 (Payne and Hanek above 2^28), then polynomials (Cephes). All x; NaN for infinite x. Error at most 1.56 ulp. */
export const sin = (ar: Arithmetic, argument: Vec): Vec => {
  const { r, q } = reduce(share(argument))
  const a = magnitude(r)
  const z = share(f32x4.mul(r, r))
  const value = pick(isOdd(q), cosine(ar, z), flipBySignOf(r, sine(ar, a, z)))
  return flipBySignOf(i32x4.shl(q, 30), value)
}

/** cos x, as `sin`. All x; NaN for infinite x. Error at most 1.56 ulp. */
export const cos = (ar: Arithmetic, argument: Vec): Vec => {
  const { r, q } = reduce(share(argument))
  const z = share(f32x4.mul(r, r))
  const value = pick(isOdd(q), sine(ar, r, z), cosine(ar, z))
  return flipBySignOf(i32x4.shl(i32x4.add(q, i32x4.const(1)), 30), value)
}

/** tan x: reduction as `sin`, a polynomial of degree 13 (Cephes tanf), -1 / tan in odd quadrants. All x; NaN for infinite x. Error at most 2.75 ulp. */
export const tan = (ar: Arithmetic, argument: Vec): Vec => {
  const { r, q } = reduce(share(argument))
  const a = magnitude(r)
  const z = share(f32x4.mul(r, r))
  const p = polynomial(ar, z, [3.33331568548e-1, 1.33387994085e-1, 5.34112807005e-2, 2.44301354525e-2, 3.11992232697e-3, 9.38540185543e-3])
  const value = share(flipBySignOf(r, ar.madd(f32x4.mul(p, z), a, a)))
  return pick(isOdd(q), f32x4.div(c(-1), value), value)
}
