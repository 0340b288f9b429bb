import { expr, operand, stmt } from './code.ts'
import type { Expr, I32, Stmt, ValueType } from './code.ts'
import { floatBytes, unsigned } from './leb128.ts'
import { index } from './scalar.ts'

/** A vector expression: 128 bits. */
export type Vec = Expr<'v128'>
type Map1 = (x: Vec) => Vec
type Map2 = (a: Vec, b: Vec) => Vec
type Map3 = (a: Vec, b: Vec, c: Vec) => Vec
type Shift = (x: Vec, bits: I32) => Vec

const opcodes: ReadonlyArray<number>[] = []
/** The bytes of an instruction; one array for each, since kernels are made of many. */
const simd = (opcode: number): ReadonlyArray<number> => (opcodes[opcode] ??= [0xfd, ...unsigned(opcode)])
const map1 =
  (name: string, opcode: number): Map1 =>
  x =>
    expr('v128', [operand(name, 'v128', x), simd(opcode)])
const map2 =
  (name: string, opcode: number): Map2 =>
  (a, b) =>
    expr('v128', [operand(name, 'v128', a), operand(name, 'v128', b), simd(opcode)])
const map3 =
  (name: string, opcode: number): Map3 =>
  (a, b, c) =>
    expr('v128', [operand(name, 'v128', a), operand(name, 'v128', b), operand(name, 'v128', c), simd(opcode)])
const shift =
  (name: string, opcode: number): Shift =>
  (x, bits) =>
    expr('v128', [operand(name, 'v128', x), operand(name, 'i32', index(bits)), simd(opcode)])
const test =
  (name: string, opcode: number) =>
  (x: Vec): Expr<'i32'> =>
    expr('i32', [operand(name, 'v128', x), simd(opcode)])
const splat =
  <T extends ValueType>(name: string, from: T, opcode: number) =>
  (x: Expr<T>): Vec =>
    expr('v128', [operand(name, from, x), simd(opcode)])
const extract =
  <T extends ValueType>(name: string, to: T, opcode: number) =>
  (x: Vec, lane: number): Expr<T> =>
    expr(to, [operand(name, 'v128', x), simd(opcode), lane])
const replace =
  <T extends ValueType>(name: string, from: T, opcode: number) =>
  (x: Vec, lane: number, value: Expr<T>): Vec =>
    expr('v128', [operand(name, 'v128', x), operand(name, from, value), simd(opcode), lane])
const load =
  (opcode: number) =>
  (pointer: I32, offset = 0): Vec =>
    expr('v128', [operand('v128.load', 'i32', index(pointer)), simd(opcode), 0, ...unsigned(offset)])
const loadLane =
  (opcode: number) =>
  (pointer: I32, into: Vec, lane: number, offset = 0): Vec =>
    expr('v128', [
      operand('v128.load_lane', 'i32', index(pointer)),
      operand('v128.load_lane', 'v128', into),
      simd(opcode),
      0,
      ...unsigned(offset),
      lane,
    ])
const storeLane =
  (opcode: number) =>
  (pointer: I32, value: Vec, lane: number, offset = 0): Stmt =>
    stmt([
      operand('v128.store_lane', 'i32', index(pointer)),
      operand('v128.store_lane', 'v128', value),
      simd(opcode),
      0,
      ...unsigned(offset),
      lane,
    ])
const constant = (bytes: ReadonlyArray<number>): Vec => expr('v128', { _tag: 'vector', bytes })
const little = (value: number): ReadonlyArray<number> => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255]
const fill = (bytes: ReadonlyArray<number>): Vec => constant(Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length]!))

/** Whole vectors: memory, bits, choice. A load or store at any address is legal. */
export const v128: {
  readonly [K in 'load' | 'load32Splat' | 'load64Splat' | 'load32Zero' | 'load64Zero']: (pointer: I32, offset?: number) => Vec
} & { readonly [K in 'load32Lane' | 'load64Lane']: (pointer: I32, into: Vec, lane: number, offset?: number) => Vec } & {
  readonly [K in 'store32Lane' | 'store64Lane']: (pointer: I32, value: Vec, lane: number, offset?: number) => Stmt
} & { readonly [K in 'and' | 'andnot' | 'or' | 'xor']: Map2 } & {
  readonly store: (pointer: I32, value: Vec, offset?: number) => Stmt
  readonly not: Map1
  readonly bitselect: (yes: Vec, no: Vec, mask: Vec) => Vec
  readonly anyTrue: (x: Vec) => Expr<'i32'>
} = {
  load: load(0),
  load32Splat: load(9),
  load64Splat: load(10),
  load32Zero: load(92),
  load64Zero: load(93),
  store: (pointer, value, offset = 0) =>
    stmt([operand('v128.store', 'i32', index(pointer)), operand('v128.store', 'v128', value), simd(11), 0, ...unsigned(offset)]),
  load32Lane: loadLane(86),
  load64Lane: loadLane(87),
  store32Lane: storeLane(90),
  store64Lane: storeLane(91),
  not: map1('v128.not', 77),
  and: map2('v128.and', 78),
  andnot: map2('v128.andnot', 79),
  or: map2('v128.or', 80),
  xor: map2('v128.xor', 81),
  bitselect: map3('v128.bitselect', 82),
  anyTrue: test('v128.any_true', 83),
}

/** Bytes: the shuffle picks 16 of the 32 bytes of two vectors. */
export const i8x16: { readonly shuffle: (a: Vec, b: Vec, lanes: ReadonlyArray<number>) => Vec } = {
  shuffle: (a, b, lanes) => expr('v128', [operand('i8x16.shuffle', 'v128', a), operand('i8x16.shuffle', 'v128', b), simd(13), ...lanes]),
}

/** Four 32-bit lanes picked from the eight of two vectors: 0-3 are `a`'s, 4-7 `b`'s. */
export const shuffle32 = (a: Vec, b: Vec, lanes: readonly [number, number, number, number]): Vec =>
  i8x16.shuffle(
    a,
    b,
    lanes.flatMap(lane => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  )

/** Four 32-bit integers. Comparisons give all ones where true. */
export const i32x4: {
  readonly const: (...lanes: ReadonlyArray<number>) => Vec
  readonly splat: (x: Expr<'i32'>) => Vec
  readonly extractLane: (x: Vec, lane: number) => Expr<'i32'>
  readonly replaceLane: (x: Vec, lane: number, value: Expr<'i32'>) => Vec
  readonly allTrue: (x: Vec) => Expr<'i32'>
  readonly bitmask: (x: Vec) => Expr<'i32'>
} & { readonly [K in 'shl' | 'shrS' | 'shrU']: Shift } & {
  readonly [K in 'abs' | 'neg' | 'truncSatF32x4S' | 'truncSatF64x2SZero']: Map1
} & {
  readonly [K in 'add' | 'sub' | 'mul' | 'minS' | 'maxS' | 'eq' | 'ne' | 'ltS' | 'gtS' | 'gtU' | 'leS' | 'geS']: Map2
} = {
  const: (...lanes) => (lanes.length === 1 ? fill(little(lanes[0]!)) : constant(lanes.flatMap(little))),
  splat: splat('i32x4.splat', 'i32', 17),
  extractLane: extract('i32x4.extract_lane', 'i32', 27),
  replaceLane: replace('i32x4.replace_lane', 'i32', 28),
  eq: map2('i32x4.eq', 55),
  ne: map2('i32x4.ne', 56),
  ltS: map2('i32x4.lt_s', 57),
  gtS: map2('i32x4.gt_s', 59),
  gtU: map2('i32x4.gt_u', 60),
  leS: map2('i32x4.le_s', 61),
  geS: map2('i32x4.ge_s', 63),
  abs: map1('i32x4.abs', 160),
  neg: map1('i32x4.neg', 161),
  allTrue: test('i32x4.all_true', 163),
  bitmask: test('i32x4.bitmask', 164),
  shl: shift('i32x4.shl', 171),
  shrS: shift('i32x4.shr_s', 172),
  shrU: shift('i32x4.shr_u', 173),
  add: map2('i32x4.add', 174),
  sub: map2('i32x4.sub', 177),
  mul: map2('i32x4.mul', 181),
  minS: map2('i32x4.min_s', 182),
  maxS: map2('i32x4.max_s', 184),
  truncSatF32x4S: map1('i32x4.trunc_sat_f32x4_s', 248),
  truncSatF64x2SZero: map1('i32x4.trunc_sat_f64x2_s_zero', 252),
}

/** Two 64-bit integers. */
export const i64x2: {
  readonly const: (value: bigint) => Vec
  readonly splat: (x: Expr<'i64'>) => Vec
  readonly extractLane: (x: Vec, lane: number) => Expr<'i64'>
} & { readonly [K in 'shl' | 'shrS' | 'shrU']: Shift } & { readonly [K in 'add' | 'sub']: Map2 } = {
  const: value => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigInt64(0, BigInt.asIntN(64, value), true)
    return fill([...new Uint8Array(view.buffer)])
  },
  splat: splat('i64x2.splat', 'i64', 18),
  extractLane: extract('i64x2.extract_lane', 'i64', 29),
  shl: shift('i64x2.shl', 203),
  shrS: shift('i64x2.shr_s', 204),
  shrU: shift('i64x2.shr_u', 205),
  add: map2('i64x2.add', 206),
  sub: map2('i64x2.sub', 209),
}

type Lanes = {
  readonly const: (value: number) => Vec
} & { readonly [K in 'abs' | 'neg' | 'sqrt' | 'ceil' | 'floor' | 'trunc' | 'nearest']: Map1 } & {
  readonly [K in 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'pmin' | 'pmax' | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge']: Map2
} & { readonly [K in 'relaxedMadd' | 'relaxedNmadd']: Map3 }

const rounding = { f32x4: [0x67, 0x68, 0x69, 0x6a], f64x2: [0x74, 0x75, 0x7a, 0x94] } as const

const lanes = (type: 'f32x4' | 'f64x2', compare: number, arithmetic: number, relaxed: number): Lanes => {
  const [ceil, floor, trunc, nearest] = rounding[type]
  const bits = type === 'f32x4' ? 32 : 64
  return {
    const: value => fill(floatBytes(value, bits)),
    eq: map2(`${type}.eq`, compare),
    ne: map2(`${type}.ne`, compare + 1),
    lt: map2(`${type}.lt`, compare + 2),
    gt: map2(`${type}.gt`, compare + 3),
    le: map2(`${type}.le`, compare + 4),
    ge: map2(`${type}.ge`, compare + 5),
    ceil: map1(`${type}.ceil`, ceil),
    floor: map1(`${type}.floor`, floor),
    trunc: map1(`${type}.trunc`, trunc),
    nearest: map1(`${type}.nearest`, nearest),
    abs: map1(`${type}.abs`, arithmetic),
    neg: map1(`${type}.neg`, arithmetic + 1),
    sqrt: map1(`${type}.sqrt`, arithmetic + 3),
    add: map2(`${type}.add`, arithmetic + 4),
    sub: map2(`${type}.sub`, arithmetic + 5),
    mul: map2(`${type}.mul`, arithmetic + 6),
    div: map2(`${type}.div`, arithmetic + 7),
    min: map2(`${type}.min`, arithmetic + 8),
    max: map2(`${type}.max`, arithmetic + 9),
    pmin: map2(`${type}.pmin`, arithmetic + 10),
    pmax: map2(`${type}.pmax`, arithmetic + 11),
    relaxedMadd: map3(`${type}.relaxed_madd`, relaxed),
    relaxedNmadd: map3(`${type}.relaxed_nmadd`, relaxed + 1),
  }
}

/** Four float32 numbers. `relaxedMadd(a, b, c)` is a b + c, rounded once or twice; it needs relaxed SIMD. */
export const f32x4: Lanes & {
  readonly splat: (x: Expr<'f32'>) => Vec
  readonly extractLane: (x: Vec, lane: number) => Expr<'f32'>
  readonly replaceLane: (x: Vec, lane: number, value: Expr<'f32'>) => Vec
  readonly convertI32x4S: Map1
  readonly demoteF64x2Zero: Map1
} = {
  ...lanes('f32x4', 65, 0xe0, 0x105),
  splat: splat('f32x4.splat', 'f32', 19),
  extractLane: extract('f32x4.extract_lane', 'f32', 31),
  replaceLane: replace('f32x4.replace_lane', 'f32', 32),
  convertI32x4S: map1('f32x4.convert_i32x4_s', 250),
  demoteF64x2Zero: map1('f32x4.demote_f64x2_zero', 94),
}

/** Two float64 numbers. */
export const f64x2: Lanes & {
  readonly splat: (x: Expr<'f64'>) => Vec
  readonly extractLane: (x: Vec, lane: number) => Expr<'f64'>
  readonly replaceLane: (x: Vec, lane: number, value: Expr<'f64'>) => Vec
  readonly promoteLowF32x4: Map1
  readonly convertLowI32x4S: Map1
} = {
  ...lanes('f64x2', 71, 0xec, 0x107),
  splat: splat('f64x2.splat', 'f64', 20),
  extractLane: extract('f64x2.extract_lane', 'f64', 33),
  replaceLane: replace('f64x2.replace_lane', 'f64', 34),
  promoteLowF32x4: map1('f64x2.promote_low_f32x4', 95),
  convertLowI32x4S: map1('f64x2.convert_low_i32x4_s', 254),
}
