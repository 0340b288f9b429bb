import type { Expr, I32, Stmt } from '../asm/code.ts'
import { get, local, seq, set, share } from '../asm/control.ts'
import { f32, f64 } from '../asm/scalar.ts'
import { f32x4, f64x2, i32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { plain } from '../math/arithmetic.ts'
import { binaryMath } from '../math/functions.ts'
import type { ElementType } from '../runtime/runtime.ts'
import type { Lanes } from './elements.ts'
import { splatOf, toMemory } from './elements.ts'

/** Ways to make one number of many. Sums and products of float32 run in float64; max and min are NaN where a value is. */
export type Fold = 'sum' | 'prod' | 'max' | 'min' | 'any' | 'all'

/** Four running folds, one for each lane. */
export interface Accumulator {
  readonly start: () => Stmt
  readonly add: (x: Vec) => Stmt
  /** The four folds. */
  readonly lanes: () => Vec
  /** The fold of all four lanes, in each lane. */
  readonly all: () => Vec
  /** Stores the fold of all four lanes. */
  readonly storeAll: (pointer: I32) => Stmt
}

const neutral: Readonly<Record<Fold, number>> = { sum: 0, prod: 1, max: -Infinity, min: Infinity, any: 0, all: 1 }
const intNeutral: Readonly<Record<Fold, number>> = { ...neutral, max: -(2 ** 31), min: 2 ** 31 - 1 }

/** What changes no fold. */
export const neutralOf = (kind: Fold, type: ElementType): Lanes => splatOf(type, type === 'float32' ? neutral[kind] : intNeutral[kind])

const upper = (x: Vec): Vec => shuffle32(x, x, [2, 3, 2, 3])

/** In float64, two lanes in each of two registers. */
const wide = (kind: 'sum' | 'prod'): Accumulator => {
  const [low, high] = [local('v128', 'low'), local('v128', 'high')]
  const step = kind === 'sum' ? f64x2.add : f64x2.mul
  const scalar = kind === 'sum' ? f64.add : f64.mul
  const total = (): Expr<'f32'> => {
    const pair = share(step(get(low), get(high)))
    return f32.demoteF64(scalar(f64x2.extractLane(pair, 0), f64x2.extractLane(pair, 1)))
  }
  return {
    start: () => seq(...[low, high].map(part => set(part, f64x2.const(neutral[kind])))),
    add: value => {
      const x = share(value)
      return seq(set(low, step(get(low), f64x2.promoteLowF32x4(x))), set(high, step(get(high), f64x2.promoteLowF32x4(upper(x)))))
    },
    lanes: () => shuffle32(f32x4.demoteF64x2Zero(get(low)), f32x4.demoteF64x2Zero(get(high)), [0, 1, 4, 5]),
    all: () => f32x4.splat(total()),
    storeAll: pointer => f32.store(pointer, total()),
  }
}

const narrow = (kind: Fold, type: ElementType, step: (a: Vec, b: Vec) => Vec): Accumulator => {
  const all = local('v128', 'fold')
  const across = (x: Vec, lanes: readonly [number, number, number, number]): Vec => {
    const v = share(x)
    return step(v, shuffle32(v, v, lanes))
  }
  const whole = (): Vec => across(across(get(all), [2, 3, 0, 1]), [1, 0, 3, 2])
  return {
    start: () => set(all, neutralOf(kind, type).code),
    add: x => set(all, step(get(all), x)),
    lanes: () => get(all),
    all: whole,
    storeAll: pointer => v128.store32Lane(pointer, toMemory({ type, code: whole() }), 0),
  }
}

/**
 * The accumulator of a fold.
 *
 * @throws RangeError when the fold is not defined for the type
 */
export const accumulator = (kind: Fold, type: ElementType): Accumulator => {
  if (type === 'float32' && (kind === 'sum' || kind === 'prod')) return wide(kind)
  if (type === 'float32' && (kind === 'max' || kind === 'min')) return narrow(kind, type, (a, b) => binaryMath[kind](plain, a, b))
  if (type === 'bool' && (kind === 'any' || kind === 'all')) return narrow(kind, type, kind === 'any' ? v128.or : v128.and)
  const ints = { sum: i32x4.add, prod: i32x4.mul, max: i32x4.maxS, min: i32x4.minS } as const
  if (type === 'int32' && kind !== 'any' && kind !== 'all') return narrow(kind, type, ints[kind])
  throw new RangeError(`reduce ${kind}: expected values of another type, got ${type}`)
}
