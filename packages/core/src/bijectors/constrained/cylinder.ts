import {
  add,
  atan2,
  clipByValue,
  div,
  equal,
  log,
  maximum,
  mul,
  ones,
  slice,
  sqrt,
  square,
  sub,
  sum,
  where,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, ScalarSupport } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { circle, eachSupport, limitsOf } from '../../support.ts'
import { joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { onCircle, wrapped } from '../../transformers/angles.ts'
import { constrainedLength } from './sizes.ts'

/** What `cylinder` returns. */
export type CylinderSpec = BijectorSpec & { readonly _tag: 'cylinder' }

/**
 * The cylinder (-1, 1)^(D-1) x circle onto the sphere of unit vectors in R^(D+1), one height after another (Rezende et al. 2020, section 2.2): from
 * z = (cos a, sin a),
 *
 *   z <- (sqrt(1 - h^2) z, h)   for h = h_2, ..., h_D;   log-determinant sum_k (k / 2 - 1) log(1 - h_k^2)
 *
 * An event of the base is (h_D, ..., h_2, a), so that any map of heights and an angle is one of the sphere. On S2 areas are kept (Archimedes). The density on the
 * sphere is by its surface.
 *
 * @example chain(autoregressive(periodic(made()), each([affine(), circularSpline()])), elementwise(each([tanh(), identity({ support: circle })])), cylinder())
 * @see https://arxiv.org/abs/2002.02428
 */
export const cylinder = (): CylinderSpec => ({ _tag: 'cylinder' })

const heights: ScalarSupport = { _tag: 'interval', low: -1, high: 1 }

const column = (x: Tensor, i: number): Tensor => slice(x, [0, i], [-1, 1])

/** Lengths below this count as this: a pole has no angle. */
const least = 1e-18

/** @param size D + 1, at least 3 */
export const cylinderBijector = (size: number): Bijector<Record<string, never>> => {
  const dim = size - 1
  // k of the height in column i: it makes S^k from S^(k-1)
  const orders = Array.from({ length: dim - 1 }, (_, i) => dim - i)
  const weight = (k: number): number => k / 2 - 1
  const volume = (x: Tensor, logRadii: ReadonlyArray<Tensor>): Tensor =>
    logRadii.reduce<Tensor>((sum, logRadius, i) => add(sum, sumEvent(mul(2 * weight(orders[i]!), logRadius))), sumEvent(zeroUnlessNaN(x)))
  const [low, high] = limitsOf(heights)
  return {
    spec: cylinder(),
    contextShape: undefined,
    base: { shape: [dim], support: eachSupport([...orders.map(() => heights), circle]) },
    data: { shape: [size], support: { _tag: 'sphere' } },
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) =>
      tidy(() => {
        if (x.size === 0) return { y: zeros([0, size]), logDet: zeros([0]) }
        const angle = column(x, dim - 1)
        const hs = orders.map((_k, i) => add(clipByValue(column(x, i), low, high), zeroUnlessNaN(column(x, i))))
        const radii = hs.map(h => sqrt(mul(sub(1, h), add(1, h))))
        const start = joined([...onCircle(angle)], 1)
        const y = [...orders.keys()].reverse().reduce<Tensor>((z, i) => joined([mul(z, radii[i]!), hs[i]!], 1), start)
        return { y, logDet: volume(x, radii.map(log)) }
      }),
    inverse: (_, y) =>
      tidy(() => {
        if (y.size === 0) return { x: zeros([0, dim]), logDet: zeros([0]) }
        // the length of the first k + 1 numbers of y, floored at a pole
        const length = (count: number): Tensor => sqrt(maximum(sum(square(slice(y, [0, 0], [-1, count])), 1, true), least * least))
        const hs = orders.map(k => add(clipByValue(div(column(y, k), length(k + 1)), low, high), zeroUnlessNaN(column(y, k))))
        const logRadii = orders.map(k => log(div(length(k), length(k + 1))))
        const isPole = equal(add(square(column(y, 0)), square(column(y, 1))), 0)
        const east = where(isPole, ones(isPole.shape), column(y, 0))
        const angle = wrapped(atan2(column(y, 1), east))
        return { x: joined([...hs, angle], 1), logDet: mul(-1, volume(y, logRadii)) }
      }),
  }
}

export const cylinderEntry: BijectorEntry<CylinderSpec> = {
  tag: 'cylinder',
  build: (_, site) => cylinderBijector(constrainedLength('cylinder', site, 1, 3)),
}
