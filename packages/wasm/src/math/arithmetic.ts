import { share } from '../asm/control.ts'
import { f32x4, i32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'

/** How a multiply-add is done. */
export interface Arithmetic {
  readonly name: 'plain' | 'relaxed'
  /** a b + c */
  readonly madd: (a: Vec, b: Vec, c: Vec) => Vec
  /** c - a b */
  readonly nmadd: (a: Vec, b: Vec, c: Vec) => Vec
}

/** Product and sum are rounded each: the same bits on every machine. */
export const plain: Arithmetic = {
  name: 'plain',
  madd: (a, b, c) => f32x4.add(f32x4.mul(a, b), c),
  nmadd: (a, b, c) => f32x4.sub(c, f32x4.mul(a, b)),
}

/** Relaxed SIMD: rounded once where the processor has a fused multiply-add, else twice. */
export const relaxed: Arithmetic = { name: 'relaxed', madd: f32x4.relaxedMadd, nmadd: f32x4.relaxedNmadd }

/** c0 + c1 x + c2 x^2 + ... by Horner's rule. */
export const polynomial = ({ madd }: Arithmetic, x: Vec, coefficients: ReadonlyArray<number>): Vec =>
  coefficients.slice(0, -1).reduceRight<Vec>((sum, c) => madd(sum, x, f32x4.const(c)), f32x4.const(coefficients.at(-1)!))

const signBit = (): Vec => i32x4.const(-(2 ** 31))

/** |x|, the sign bit cleared; also of NaN. */
export const magnitude = (x: Vec): Vec => share(f32x4.abs(x))

/** `value` >= 0 with the sign bit of x. */
export const withSignOf = (x: Vec, value: Vec): Vec => v128.or(value, v128.and(x, signBit()))

/** `value` with its sign flipped where x has its sign bit set. */
export const flipBySignOf = (x: Vec, value: Vec): Vec => v128.xor(value, v128.and(x, signBit()))

/** An odd function from its values at |x|. */
export const odd = (x: Vec, f: (magnitude: Vec) => Vec): Vec => withSignOf(x, f(magnitude(x)))

/** Where `mask` has all ones `yes`, else `no`. */
export const pick = (mask: Vec, yes: Vec, no: Vec): Vec => v128.bitselect(yes, no, mask)
