import { expr, operand, stmt } from './code.ts'
import type { Expr, I32, Stmt, ValueType } from './code.ts'
import { floatBytes, signed, unsigned } from './leb128.ts'

type Unary<A extends ValueType, R extends ValueType> = (x: Expr<A>) => Expr<R>
type Binary<A extends ValueType, R extends ValueType> = (a: Expr<A>, b: Expr<A>) => Expr<R>
type IntBinary = (a: I32, b: I32) => Expr<'i32'>

const unary =
  <A extends ValueType, R extends ValueType>(name: string, from: A, to: R, ...opcode: ReadonlyArray<number>): Unary<A, R> =>
  x =>
    expr(to, [operand(name, from, x), ...opcode])
const binary =
  <A extends ValueType, R extends ValueType>(name: string, from: A, to: R, opcode: number): Binary<A, R> =>
  (a, b) =>
    expr(to, [operand(name, from, a), operand(name, from, b), opcode])
const constant = (value: number): Expr<'i32'> => expr('i32', [0x41, ...signed(value | 0)])
/** An i32 operand that may be written as a number. */
export const index = (x: I32): Expr<'i32'> => (typeof x === 'number' ? constant(x) : x)
const int =
  (name: string, opcode: number): IntBinary =>
  (a, b) =>
    expr('i32', [operand(name, 'i32', index(a)), operand(name, 'i32', index(b)), opcode])

/** Address operands of a load or store: log2 of the alignment, then the constant offset. */
const at = (offset: number): ReadonlyArray<number> => [0, ...unsigned(offset)]
const load =
  <T extends ValueType>(type: T, opcode: number) =>
  (pointer: I32, offset = 0): Expr<T> =>
    expr(type, [operand(`${type}.load`, 'i32', index(pointer)), opcode, ...at(offset)])
const store =
  <T extends ValueType>(type: T, opcode: number) =>
  (pointer: I32, value: Expr<T>, offset = 0): Stmt =>
    stmt([operand(`${type}.store`, 'i32', index(pointer)), operand(`${type}.store`, type, value), opcode, ...at(offset)])

/** Instructions on 32-bit integers and addresses. Numbers stand for constants. */
export const i32: {
  readonly const: (value: number) => Expr<'i32'>
  readonly load: (pointer: I32, offset?: number) => Expr<'i32'>
  readonly store: (pointer: I32, value: Expr<'i32'>, offset?: number) => Stmt
  readonly eqz: Unary<'i32', 'i32'>
  readonly reinterpretF32: Unary<'f32', 'i32'>
  readonly wrapI64: Unary<'i64', 'i32'>
} & {
  readonly [
    K in
      | 'add'
      | 'sub'
      | 'mul'
      | 'divS'
      | 'divU'
      | 'remS'
      | 'remU'
      | 'and'
      | 'or'
      | 'xor'
      | 'shl'
      | 'shrS'
      | 'shrU'
      | 'rotl'
      | 'eq'
      | 'ne'
      | 'ltS'
      | 'ltU'
      | 'gtS'
      | 'gtU'
      | 'leS'
      | 'leU'
      | 'geS'
      | 'geU'
  ]: IntBinary
} = {
  const: constant,
  load: load('i32', 0x28),
  store: store('i32', 0x36),
  eqz: unary('i32.eqz', 'i32', 'i32', 0x45),
  eq: int('i32.eq', 0x46),
  ne: int('i32.ne', 0x47),
  ltS: int('i32.lt_s', 0x48),
  ltU: int('i32.lt_u', 0x49),
  gtS: int('i32.gt_s', 0x4a),
  gtU: int('i32.gt_u', 0x4b),
  leS: int('i32.le_s', 0x4c),
  leU: int('i32.le_u', 0x4d),
  geS: int('i32.ge_s', 0x4e),
  geU: int('i32.ge_u', 0x4f),
  add: int('i32.add', 0x6a),
  sub: int('i32.sub', 0x6b),
  mul: int('i32.mul', 0x6c),
  divS: int('i32.div_s', 0x6d),
  divU: int('i32.div_u', 0x6e),
  remS: int('i32.rem_s', 0x6f),
  remU: int('i32.rem_u', 0x70),
  and: int('i32.and', 0x71),
  or: int('i32.or', 0x72),
  xor: int('i32.xor', 0x73),
  shl: int('i32.shl', 0x74),
  shrS: int('i32.shr_s', 0x75),
  shrU: int('i32.shr_u', 0x76),
  rotl: int('i32.rotl', 0x77),
  reinterpretF32: unary('i32.reinterpret_f32', 'f32', 'i32', 0xbc),
  wrapI64: unary('i32.wrap_i64', 'i64', 'i32', 0xa7),
}

/** Instructions on 64-bit integers. */
export const i64: {
  readonly const: (value: bigint | number) => Expr<'i64'>
  readonly load: (pointer: I32, offset?: number) => Expr<'i64'>
  readonly store: (pointer: I32, value: Expr<'i64'>, offset?: number) => Stmt
  readonly eqz: Unary<'i64', 'i32'>
  readonly extendI32U: Unary<'i32', 'i64'>
  readonly extendI32S: Unary<'i32', 'i64'>
} & { readonly [K in 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shrS' | 'shrU']: Binary<'i64', 'i64'> } = {
  const: value => expr('i64', [0x42, ...signed(BigInt.asIntN(64, BigInt(value)))]),
  load: load('i64', 0x29),
  store: store('i64', 0x37),
  eqz: unary('i64.eqz', 'i64', 'i32', 0x50),
  extendI32S: unary('i64.extend_i32_s', 'i32', 'i64', 0xac),
  extendI32U: unary('i64.extend_i32_u', 'i32', 'i64', 0xad),
  add: binary('i64.add', 'i64', 'i64', 0x7c),
  sub: binary('i64.sub', 'i64', 'i64', 0x7d),
  mul: binary('i64.mul', 'i64', 'i64', 0x7e),
  and: binary('i64.and', 'i64', 'i64', 0x83),
  or: binary('i64.or', 'i64', 'i64', 0x84),
  xor: binary('i64.xor', 'i64', 'i64', 0x85),
  shl: binary('i64.shl', 'i64', 'i64', 0x86),
  shrS: binary('i64.shr_s', 'i64', 'i64', 0x87),
  shrU: binary('i64.shr_u', 'i64', 'i64', 0x88),
}

type FloatArithmetic<T extends 'f32' | 'f64'> = {
  readonly [K in 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'copysign']: Binary<T, T>
} & { readonly [K in 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge']: Binary<T, 'i32'> } & {
  readonly [K in 'abs' | 'neg' | 'ceil' | 'floor' | 'trunc' | 'nearest' | 'sqrt']: Unary<T, T>
} & {
  readonly const: (value: number) => Expr<T>
  readonly load: (pointer: I32, offset?: number) => Expr<T>
  readonly store: (pointer: I32, value: Expr<T>, offset?: number) => Stmt
}

const float = <T extends 'f32' | 'f64'>(
  type: T,
  codes: {
    readonly constant: number
    readonly load: number
    readonly store: number
    readonly compare: number
    readonly arithmetic: number
  },
): FloatArithmetic<T> => {
  const compare = (name: string, i: number): Binary<T, 'i32'> => binary(`${type}.${name}`, type, 'i32', codes.compare + i)
  const one = (name: string, i: number): Unary<T, T> => unary(`${type}.${name}`, type, type, codes.arithmetic + i)
  const two = (name: string, i: number): Binary<T, T> => binary(`${type}.${name}`, type, type, codes.arithmetic + i)
  return {
    const: value => expr(type, [codes.constant, ...floatBytes(value, type === 'f32' ? 32 : 64)]),
    load: load(type, codes.load),
    store: store(type, codes.store),
    eq: compare('eq', 0),
    ne: compare('ne', 1),
    lt: compare('lt', 2),
    gt: compare('gt', 3),
    le: compare('le', 4),
    ge: compare('ge', 5),
    abs: one('abs', 0),
    neg: one('neg', 1),
    ceil: one('ceil', 2),
    floor: one('floor', 3),
    trunc: one('trunc', 4),
    nearest: one('nearest', 5),
    sqrt: one('sqrt', 6),
    add: two('add', 7),
    sub: two('sub', 8),
    mul: two('mul', 9),
    div: two('div', 10),
    min: two('min', 11),
    max: two('max', 12),
    copysign: two('copysign', 13),
  }
}

/** Instructions on float32 numbers. */
export const f32: FloatArithmetic<'f32'> & {
  readonly convertI32S: Unary<'i32', 'f32'>
  readonly demoteF64: Unary<'f64', 'f32'>
  readonly reinterpretI32: Unary<'i32', 'f32'>
} = {
  ...float('f32', { constant: 0x43, load: 0x2a, store: 0x38, compare: 0x5b, arithmetic: 0x8b }),
  convertI32S: unary('f32.convert_i32_s', 'i32', 'f32', 0xb2),
  demoteF64: unary('f32.demote_f64', 'f64', 'f32', 0xb6),
  reinterpretI32: unary('f32.reinterpret_i32', 'i32', 'f32', 0xbe),
}

/** Instructions on float64 numbers. */
export const f64: FloatArithmetic<'f64'> & {
  readonly convertI32S: Unary<'i32', 'f64'>
  readonly convertI64S: Unary<'i64', 'f64'>
  readonly promoteF32: Unary<'f32', 'f64'>
} = {
  ...float('f64', { constant: 0x44, load: 0x2b, store: 0x39, compare: 0x61, arithmetic: 0x99 }),
  convertI32S: unary('f64.convert_i32_s', 'i32', 'f64', 0xb7),
  convertI64S: unary('f64.convert_i64_s', 'i64', 'f64', 0xb9),
  promoteF32: unary('f64.promote_f32', 'f32', 'f64', 0xbb),
}
