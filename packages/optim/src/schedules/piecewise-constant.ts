import { tidy } from '@diffeo/core'
import { less, mul, scalar, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Schedule } from '../contracts.ts'
import { expectFinite, expectNonNegative } from '../expect-option.ts'

/** Factors by the count from which on they apply. */
export type BoundariesAndScales = { readonly [count: number]: number }

/**
 * initValue, multiplied by each scale once its count is reached.
 *
 * @throws RangeError when a scale is negative or not finite
 * @example piecewiseConstantSchedule(1e-3, { 1000: 0.1, 2000: 0.5 })
 */
export const piecewiseConstantSchedule = (initValue: number, boundariesAndScales: BoundariesAndScales = {}): Schedule => {
  expectFinite('piecewiseConstantSchedule', 'initValue', initValue)
  const steps = sorted(boundariesAndScales)
  steps.forEach(([boundary, scale]) => expectNonNegative('piecewiseConstantSchedule', `scale at ${boundary}`, scale))
  return count =>
    tidy(() =>
      steps.reduce<Tensor>((value, [boundary, scale]) => where(less(count, boundary), value, mul(scale, value)), scalar(initValue)),
    )
}

const sorted = (boundariesAndScales: BoundariesAndScales): ReadonlyArray<readonly [number, number]> =>
  Object.entries(boundariesAndScales)
    .map(([count, factor]) => [Number(count), factor] as const)
    .sort(([a], [b]) => a - b)
