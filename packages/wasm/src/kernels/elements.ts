import { share } from '../asm/control.ts'
import { f32x4, f64x2, i32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { binaryMath, unaryMath } from '../math/functions.ts'
import type { BinaryMath, UnaryMath } from '../math/functions.ts'
import type { ElementType } from '../runtime/runtime.ts'

/** Elementwise functions of one argument; `relu` and the float32 functions, tests, and the negation of a bool. */
export type UnaryOp = UnaryMath | 'isNan' | 'isFinite' | 'not'

/** Elementwise functions of two arguments of one type. */
export type BinaryOp = BinaryMath | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'and' | 'or'

/** Four values in a register: float32 and int32 as they are, a bool as all ones or zeros. */
export interface Lanes {
  readonly type: ElementType
  readonly code: Vec
}

const lanes = (type: ElementType, code: Vec): Lanes => ({ type, code })
const one = (): Vec => i32x4.const(1)

/** A number in all lanes. */
export const splatOf = (type: ElementType, value: number): Lanes =>
  lanes(type, type === 'float32' ? f32x4.const(value) : i32x4.const(type === 'int32' ? value : value ? -1 : 0))

/** As it lies in memory: a bool is 0 or 1. */
export const toMemory = ({ type, code }: Lanes): Vec => (type === 'bool' ? v128.and(code, one()) : code)

/** From memory. */
export const fromMemory = (type: ElementType, code: Vec): Lanes => lanes(type, type === 'bool' ? i32x4.ne(code, i32x4.const(0)) : code)

/** Integer division by way of float64, in which quotients of 32-bit integers are exact enough to be rounded. */
const divided = (a: Vec, b: Vec, round: (x: Vec) => Vec): Vec => {
  const half = (p: Vec, q: Vec): Vec => i32x4.truncSatF64x2SZero(round(f64x2.div(f64x2.convertLowI32x4S(p), f64x2.convertLowI32x4S(q))))
  const upper = (x: Vec): Vec => shuffle32(x, x, [2, 3, 2, 3])
  const quotient = shuffle32(half(a, b), half(upper(a), upper(b)), [0, 1, 4, 5])
  const wraps = v128.and(i32x4.eq(a, i32x4.const(-(2 ** 31))), i32x4.eq(b, i32x4.const(-1))) // 2^31, which was cut to 2^31 - 1
  return v128.andnot(i32x4.sub(quotient, wraps), i32x4.eq(b, i32x4.const(0))) // tfjs writes an infinite quotient as 0
}

type IntUnary = 'neg' | 'abs' | 'sign' | 'square' | 'floor' | 'ceil' | 'round' | 'relu'
const intUnary: Readonly<Record<IntUnary, (x: Vec) => Vec>> = {
  neg: i32x4.neg,
  abs: i32x4.abs,
  sign: x => i32x4.maxS(i32x4.const(-1), i32x4.minS(x, one())),
  square: x => i32x4.mul(x, x),
  floor: x => x,
  ceil: x => x,
  round: x => x,
  relu: x => i32x4.maxS(x, i32x4.const(0)),
}

type IntBinary = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'floorDiv' | 'mod' | 'and' | 'or'
const intBinary: Readonly<Record<IntBinary, (a: Vec, b: Vec) => Vec>> = {
  add: i32x4.add,
  sub: i32x4.sub,
  mul: i32x4.mul,
  div: (a, b) => divided(a, b, x => x),
  max: i32x4.maxS,
  min: i32x4.minS,
  floorDiv: (a, b) => divided(a, b, f64x2.floor),
  mod: (a, b) => v128.andnot(i32x4.sub(a, i32x4.mul(b, divided(a, b, f64x2.floor))), i32x4.eq(b, i32x4.const(0))),
  and: v128.and,
  or: v128.or,
}

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'
const compareFloat: Readonly<Record<Comparison, (a: Vec, b: Vec) => Vec>> = {
  eq: f32x4.eq,
  ne: f32x4.ne,
  lt: f32x4.lt,
  le: f32x4.le,
  gt: f32x4.gt,
  ge: f32x4.ge,
}
const compareInt: Readonly<Record<Comparison, (a: Vec, b: Vec) => Vec>> = {
  eq: i32x4.eq,
  ne: i32x4.ne,
  lt: i32x4.ltS,
  le: i32x4.leS,
  gt: i32x4.gtS,
  ge: i32x4.geS,
}

const has = <K extends string>(table: Readonly<Record<K, unknown>>, key: string): key is K => Object.hasOwn(table, key)
const asInt = ({ type, code }: Lanes): Vec => (type === 'bool' ? v128.and(code, one()) : code)

/**
 * A function of one argument.
 *
 * @throws RangeError when it is not defined for the type
 */
export const unaryLanes = (ar: Arithmetic, op: UnaryOp, x: Lanes): Lanes => {
  const code = share(x.code)
  if (op === 'not') return lanes('bool', x.type === 'bool' ? v128.not(code) : i32x4.eq(code, i32x4.const(0)))
  if (op === 'isNan') return lanes('bool', x.type === 'float32' ? f32x4.ne(code, code) : i32x4.const(0))
  if (op === 'isFinite') return lanes('bool', x.type === 'float32' ? f32x4.lt(f32x4.abs(code), f32x4.const(Infinity)) : i32x4.const(-1))
  if (x.type === 'float32') return lanes('float32', unaryMath[op](ar, code))
  if (x.type === 'int32' && has(intUnary, op)) return lanes('int32', intUnary[op](code))
  throw new RangeError(`unary ${op}: expected float32 values${has(intUnary, op) ? ' or int32 ones' : ''}, got ${x.type}`)
}

/**
 * A function of two arguments of one type.
 *
 * @throws RangeError when the types differ, or it is not defined for them
 */
export const binaryLanes = (ar: Arithmetic, op: BinaryOp, a: Lanes, b: Lanes): Lanes => {
  if (a.type !== b.type) throw new RangeError(`binary ${op}: expected two values of one type, got ${a.type} and ${b.type}`)
  const [x, y] = [share(a.code), share(b.code)]
  if (has(compareFloat, op)) return lanes('bool', (a.type === 'float32' ? compareFloat : compareInt)[op](...ordered(a, x, b, y)))
  if (a.type === 'bool' && (op === 'and' || op === 'or')) return lanes('bool', v128[op](x, y))
  if (a.type === 'float32' && op !== 'and' && op !== 'or') return lanes('float32', binaryMath[op](ar, x, y))
  if (a.type === 'int32' && has(intBinary, op)) return lanes('int32', intBinary[op](x, y))
  throw new RangeError(`binary ${op}: expected values of another type, got ${a.type}`)
}
/** Of bools, false is below true. */
const ordered = (a: Lanes, x: Vec, b: Lanes, y: Vec): readonly [Vec, Vec] => [asInt(lanes(a.type, x)), asInt(lanes(b.type, y))]

/** Where the condition holds `yes`, else `no`. */
export const selectLanes = (condition: Lanes, yes: Lanes, no: Lanes): Lanes => {
  if (condition.type !== 'bool' || yes.type !== no.type)
    throw new RangeError(`select: expected a bool and two values of one type, got ${condition.type}, ${yes.type}, ${no.type}`)
  return lanes(yes.type, v128.bitselect(yes.code, no.code, condition.code))
}

/** Another type: float32 to int32 towards 0 (NaN is 0, beyond the range its end), any number to bool where it is not 0. */
export const castLanes = (x: Lanes, to: ElementType): Lanes => {
  if (x.type === to) return x
  if (to === 'bool') return lanes('bool', x.type === 'float32' ? f32x4.ne(x.code, f32x4.const(0)) : i32x4.ne(x.code, i32x4.const(0)))
  if (to === 'int32') return lanes('int32', x.type === 'float32' ? i32x4.truncSatF32x4S(x.code) : asInt(x))
  return lanes('float32', x.type === 'bool' ? v128.and(x.code, f32x4.const(1)) : f32x4.convertI32x4S(x.code))
}
