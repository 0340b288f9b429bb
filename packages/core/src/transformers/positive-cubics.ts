import {
  add,
  clipByValue,
  cumsum,
  div,
  exp,
  fill,
  greater,
  less,
  log,
  mul,
  stack,
  sub,
  tensor1d,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { joined, zeroUnlessNaN } from '../tensor.ts'
import { bernsteinForm } from './bernstein-form.ts'
import { fractionOf, pieceAt } from './pieces.ts'
import { columns } from './theta.ts'

/** A positive function from 0 on, as a cubic between each two of K + 1 knots that lie a step apart: tables of [..., K + 1]. */
export type PositiveCubics = {
  /** From 0 to each knot. */
  readonly integrals: Tensor
  readonly values: Tensor
  /** A third of the step times the logarithm's derivative: in Bernstein's form the cubic's middle coefficients are its ends, 1 plus or minus so much. */
  readonly slopes: Tensor
}

/** Below 1 all coefficients of a cubic are positive, and so is the cubic. */
const steepest = 0.95

/**
 * The cubics through values whose logarithms are given, with slopes by the five-point rule, as steep at most as keeps them positive (Fritsch and Carlson 1980 limit
 * the slopes of monotone ones likewise).
 *
 * @param logs [..., K + 5]: at the knots, and at two more places on either side
 */
export const cubicsThrough = (logs: Tensor, step: number): PositiveCubics => {
  const count = logs.shape.at(-1)! - 5
  const from = (j: number): Tensor => columns(logs, j, count + 1)
  const slopes = clipByValue(div(sub(add(from(0), mul(8, from(3))), add(mul(8, from(1)), from(4))), 36), -steepest, steepest)
  const values = exp(from(2))
  const { c0, c1, c2, c3 } = coefficients(
    table => columns(table, 0, count),
    table => columns(table, 1, count),
    { values, slopes },
  )
  const areas = mul(step / 4, add(add(c0, c1), add(c2, c3)))
  return { integrals: joined([zeros([...areas.shape.slice(0, -1), 1]), cumsum(areas, areas.rank - 1)], -1), values, slopes }
}

const coefficients = (
  low: (table: Tensor) => Tensor,
  high: (table: Tensor) => Tensor,
  { values, slopes }: Pick<PositiveCubics, 'values' | 'slopes'>,
): { readonly c0: Tensor; readonly c1: Tensor; readonly c2: Tensor; readonly c3: Tensor } => {
  const [c0, c3] = [low(values), high(values)]
  return { c0, c1: mul(c0, add(1, low(slopes))), c2: mul(c3, sub(1, high(slopes))), c3 }
}

/** An integral from 0: that to the knot below its end, and what it rises by from there; the logarithm of the function at its end. */
export interface Area {
  readonly base: Tensor
  readonly rise: Tensor
  readonly logDeriv: Tensor
}

/** The integral from 0 to `end`; below 0 and beyond the last knot it goes on as a straight line. */
export const areaTo = (end: Tensor, cubics: PositiveCubics, step: number): Area => {
  const count = cubics.values.shape.at(-1)! - 1
  const isBeyond = greater(end, count * step)
  const at = where(isBeyond, fill(end.shape, count * step), where(less(end, 0), zerosLike(end), end))
  const knots = tensor1d(Array.from({ length: count + 1 }, (_, j) => j * step))
  const { low, high } = pieceAt(knots, at)
  const { xi, rest } = fractionOf(at, low(knots), high(knots))
  const { c0, c1, c2, c3 } = coefficients(low, high, cubics)
  const sums = [c0, c1, c2, c3].reduce<ReadonlyArray<Tensor>>((all, c) => [...all, add(all.at(-1)!, c)], [zerosLike(c0)])
  const slope = bernsteinForm(stack([c0, c1, c2, c3], -1), xi, rest)
  const beyond = sub(end, at)
  return {
    base: low(cubics.integrals),
    rise: add(mul(step / 4, bernsteinForm(stack([...sums], -1), xi, rest)), mul(slope, beyond)),
    logDeriv: add(log(slope), zeroUnlessNaN(beyond)),
  }
}
