import { share } from '../asm/control.ts'
import { f32x4, i32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { polynomial } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'

const c = f32x4.const
/** Added to |x| < 2^21 it rounds x to an integer and leaves that integer + 127 in the low bits, which 23 places higher are a power of two. */
const magic = 12582912 + 127

/**
 * 2^x for -126 <= x <= 127: x = n + f, a polynomial of degree 5 in f (minimax: relative error 1.2e-7, of which 0.4e-7 is one factor for all x). NaN
 * stays NaN.
 */
export const exp2 = (ar: Arithmetic, argument: Vec): Vec => {
  const x = share(argument)
  const shifted = share(f32x4.add(x, c(magic)))
  const f = share(f32x4.sub(x, f32x4.sub(shifted, c(magic))))
  const p = polynomial(
    ar,
    f,
    [1.0000001192092896, 0.6931472420692444, 0.2402191162109375, 0.055500831454992294, 0.00968555174767971, 0.0013521612854674459],
  )
  return f32x4.mul(p, i32x4.shl(shifted, 23))
}
