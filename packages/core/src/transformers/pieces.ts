import { abs, add, div, lessEqual, mul, onesLike, sub, sum, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Sloped } from '../control/monotone-root.ts'
import type { Site } from '../registry.ts'
import type { KnotMap } from '../specs.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { oneHotBin } from './spline.ts'
import { columns } from './theta.ts'

/** What every spline has: how many bins, on [-bound, bound], and how theta becomes its knots. */
export interface SplineFields {
  readonly bins: number
  readonly bound: number
  readonly knots: KnotMap
}

const knotMaps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']

/** @throws RangeError naming the path of what is out of range */
export const checkSpline = <S extends SplineFields>(spec: S, site: Site, least: number = 1): S => {
  const at = (field: string): string => showPath([...site.path, field])
  if (!Number.isSafeInteger(spec.bins) || spec.bins < least || spec.bins > 999)
    throw new RangeError(`build: expected a whole number of bins from ${least} to 999, got ${spec.bins} at ${at('bins')}`)
  if (!(spec.bound >= 1e-30 && spec.bound <= 1e30))
    throw new RangeError(`build: expected a bound from 1e-30 to 1e30, got ${spec.bound} at ${at('bound')}`)
  if (!knotMaps.includes(spec.knots))
    throw new RangeError(`build: expected one of ${knotMaps.join(', ')}, got ${String(spec.knots)} at ${at('knots')}`)
  return spec
}

/** A function on [-bound, bound] with the identity on both sides; `inside` is asked about numbers of the interval alone. */
export const withIdentityTails = (x: Tensor, bound: number, inside: (x: Tensor) => Sloped): Sloped => {
  const isInside = lessEqual(abs(x), bound)
  const { y, logDeriv } = inside(where(isInside, x, zerosLike(x)))
  const tail = add(x, zeroUnlessNaN(y))
  return { y: where(isInside, y, tail), logDeriv: where(isInside, logDeriv, zeroUnlessNaN(tail)) }
}

/** The piece on which a number lies: `low` and `high` of a table [..., K + 1] are its values at the two edges, `own` of [..., K] its own. */
export interface Piece {
  readonly low: (table: Tensor) => Tensor
  readonly high: (table: Tensor) => Tensor
  readonly own: (table: Tensor) => Tensor
}

/** @param edges [..., K + 1], rising */
export const pieceAt = (edges: Tensor, value: Tensor): Piece => {
  const count = edges.shape.at(-1)! - 1
  const oneHot = oneHotBin(edges, value, count)
  const pick = (table: Tensor, from: number): Tensor => sum(mul(columns(table, from, count), oneHot), -1)
  return { low: table => pick(table, 0), high: table => pick(table, 1), own: table => pick(table, 0) }
}

/** A number between two others as fractions of their distance, from the lower and to the upper one, each exact near its own end. */
export interface Fraction {
  readonly xi: Tensor
  readonly rest: Tensor
}

/** The fractions of a value. Of two numbers that are one in float32 it is the lower. */
export const fractionOf = (value: Tensor, low: Tensor, high: Tensor): Fraction => {
  const distance = sub(high, low)
  const isFlat = lessEqual(distance, 0)
  const one = onesLike(distance)
  const width = where(isFlat, one, distance)
  return { xi: div(sub(value, low), width), rest: where(isFlat, one, div(sub(high, value), width)) }
}

/** A mean rather than low + xi (high - low): exact at both ends. */
export const between = (low: Tensor, high: Tensor, { xi, rest }: Fraction): Tensor => add(mul(low, rest), mul(high, xi))
