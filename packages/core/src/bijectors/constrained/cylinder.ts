import {
  abs,
  add,
  atan2,
  div,
  equal,
  exp,
  log,
  maximum,
  mul,
  neg,
  ones,
  slice,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  where,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, ScalarSupport } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { circle, eachSupport, limitsOf, real } from '../../support.ts'
import { joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { onCircle, wrapped } from '../../transformers/angles.ts'
import { asinh, clipped, logCosh } from '../../transformers/scalar-functions.ts'
import { showPath } from '../../tree.ts'
import { constrainedLength } from './sizes.ts'

/** What `cylinder` returns. */
export type CylinderSpec = BijectorSpec & { readonly _tag: 'cylinder'; readonly heights?: 'real' }

/**
 * The cylinder (-1, 1)^(D-1) x circle onto the sphere of unit vectors in R^(D+1), one height after another (Rezende et al. 2020, section 2.2): from
 * z = (cos a, sin a),
 *
 *   z <- (sqrt(1 - h^2) z, h)   for h = h_2, ..., h_D;   log-determinant sum_k (k / 2 - 1) log(1 - h_k^2)
 *
 * An event of the base is (h_D, ..., h_2, a), so that any map of heights and an angle is one of the sphere. On S2 areas are kept (Archimedes). The density on the
 * sphere is by its surface.
 *
 * Near a pole a float32 height has few digits of what it is less than 1. With `heights: 'real'` the base has real numbers u, the heights are h = tanh u, and all
 * digits are kept: the poles are at infinity, sqrt(1 - h^2) = 1 / cosh u, and the log-determinant is -sum_k k log cosh u_k.
 *
 * @param heights real: the whole real line; between -1 and 1 unless given
 * @example chain(autoregressive(periodic(made()), each([affine(), circularSpline()])), cylinder({ heights: 'real' }))
 * @see https://arxiv.org/abs/2002.02428
 */
export const cylinder = ({ heights }: { readonly heights?: 'real' } = {}): CylinderSpec => ({
  _tag: 'cylinder',
  ...(heights !== undefined && { heights }),
})

const interval: ScalarSupport = { _tag: 'interval', low: -1, high: 1 }

const column = (x: Tensor, i: number): Tensor => slice(x, [0, i], [-1, 1])

/** Lengths below this count as this: a pole has no angle. */
const least = 1e-18

/** A height by what stands for it in the base: all are [N, 1]. */
interface Heights {
  readonly support: ScalarSupport
  /** The power of the radius sqrt(1 - h^2) that S^k has for its volume, by the base. */
  readonly power: (k: number) => number
  readonly at: (value: Tensor) => { readonly height: Tensor; readonly radius: Tensor; readonly logRadius: Tensor }
  /** What stands for the height of a number beside others of a length. */
  readonly of: (number: Tensor, others: Tensor, length: Tensor) => Tensor
}

const [low, high] = limitsOf(interval)

const between: Heights = {
  support: interval,
  power: k => k - 2,
  at: value => {
    const height = clipped(value, low, high)
    const radius = sqrt(mul(sub(1, height), add(1, height)))
    return { height, radius, logRadius: log(radius) }
  },
  of: (number, _, length) => clipped(div(number, length), low, high),
}

/** Where 1 / cosh u is the least length. */
const farthest = Math.asinh(1 / least)

/** h = tanh u, dh = du / cosh^2 u. */
const onLine: Heights = {
  support: real,
  power: k => k,
  at: value => {
    const u = clipped(value, -farthest, farthest)
    const small = exp(neg(abs(u)))
    return { height: tanh(u), radius: div(mul(2, small), add(1, square(small))), logRadius: neg(logCosh(value)) }
  },
  of: (number, others) => asinh(div(number, others)),
}

/** @param size D + 1, at least 3 */
export const cylinderBijector = (size: number, spec: CylinderSpec = cylinder()): Bijector<Record<string, never>> => {
  const dim = size - 1
  const heights = spec.heights === 'real' ? onLine : between
  // k of the height in column i: it makes S^k from S^(k-1)
  const orders = Array.from({ length: dim - 1 }, (_, i) => dim - i)
  const volume = (x: Tensor, logRadii: ReadonlyArray<Tensor>): Tensor =>
    logRadii.reduce<Tensor>(
      (sum, logRadius, i) => add(sum, sumEvent(mul(heights.power(orders[i]!), logRadius))),
      sumEvent(zeroUnlessNaN(x)),
    )
  return {
    spec,
    contextShape: undefined,
    base: { shape: [dim], support: eachSupport([...orders.map(() => heights.support), circle]) },
    data: { shape: [size], support: { _tag: 'sphere' } },
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) =>
      tidy(() => {
        if (x.size === 0) return { y: zeros([0, size]), logDet: zeros([0]) }
        const places = orders.map((_k, i) => heights.at(column(x, i)))
        const start = joined([...onCircle(column(x, dim - 1))], 1)
        const y = places.reduceRight<Tensor>((z, { height, radius }) => joined([mul(z, radius), height], 1), start)
        const logRadii = places.map(({ logRadius }) => logRadius)
        return { y, logDet: volume(x, logRadii) }
      }),
    inverse: (_, y) =>
      tidy(() => {
        if (y.size === 0) return { x: zeros([0, dim]), logDet: zeros([0]) }
        // the length of the first k + 1 numbers of y, floored at a pole
        const length = (count: number): Tensor => sqrt(maximum(sum(square(slice(y, [0, 0], [-1, count])), 1, true), least * least))
        const hs = orders.map(k => heights.of(column(y, k), length(k), length(k + 1)))
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
  build: (spec, site) => {
    if (spec.heights !== undefined && spec.heights !== 'real')
      throw new RangeError(
        `build: expected heights to be real or left out, got ${String(spec.heights)} at ${showPath([...site.path, 'heights'])}`,
      )
    return cylinderBijector(constrainedLength('cylinder', site, 1, 3), spec)
  },
}
