import { after, brIf, get, local, loop, seq, set, share } from '../asm/control.ts'
import { f32x4, f64x2, i64x2, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { pick } from './arithmetic.ts'

const d = f64x2.const

/** |a| modulo |b|, exactly: by quotients of at most 28 bits, whose products with b are exact, until the rest is below |b|. */
const remainder = (a: Vec, size: Vec): Vec => {
  const rest = local('v128', 'rest')
  const quotient = v128.andnot(f64x2.div(get(rest), size), i64x2.const(0x1ffffffn))
  const product = f64x2.mul(f64x2.trunc(quotient), size)
  const isDone = f64x2.lt(f64x2.abs(get(rest)), size)
  const isLarge = v128.and(f64x2.ge(f64x2.abs(get(rest)), size), f64x2.gt(size, d(0)))
  const step = set(rest, f64x2.sub(get(rest), v128.andnot(product, isDone))) // 0 Infinity is no product
  const steps = seq(
    set(rest, f64x2.abs(a)),
    loop(again => seq(step, brIf(again, v128.anyTrue(isLarge)))),
  )
  const last = share(after(steps, get(rest)))
  return f64x2.add(last, v128.and(f64x2.lt(last, d(0)), size)) // a quotient that was rounded up
}

const half = (pairA: Vec, pairB: Vec): Vec => {
  const [a, b] = [share(f64x2.promoteLowF32x4(pairA)), share(f64x2.promoteLowF32x4(pairB))]
  const size = remainder(a, share(f64x2.abs(b)))
  const r = share(v128.xor(share(size), v128.and(a, d(-0))))
  const moved = share(f64x2.add(r, b))
  const isOpposite = f64x2.lt(f64x2.mul(f64x2.pmax(d(-1), f64x2.pmin(d(1), f64x2.mul(r, d(2 ** 200)))), b), d(0))
  const isWhole = v128.andnot(f64x2.eq(f64x2.abs(moved), f64x2.abs(b)), f64x2.eq(r, d(0)))
  const wrapped = v128.or(v128.andnot(moved, isWhole), f64x2.eq(f64x2.abs(moved), d(Infinity)))
  return f32x4.demoteF64x2Zero(pick(isOpposite, wrapped, r))
}

/** a modulo b with the sign of b, exact before the last rounding. All a and b; NaN for b = 0, infinite a, and infinite b of the other sign. */
export const mod = (dividend: Vec, divisor: Vec): Vec => {
  const [a, b] = [share(dividend), share(divisor)]
  const upper = (x: Vec): Vec => shuffle32(x, x, [2, 3, 2, 3])
  return shuffle32(half(a, b), half(upper(a), upper(b)), [0, 1, 4, 5])
}
