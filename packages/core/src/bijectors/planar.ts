import { add, div, maximum, mul, neg, reshape, scalar, square, sub, sum, tanh, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape } from '../contracts.ts'
import { split } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { tidy } from '../tensor.ts'
import type { Tree } from '../tree.ts'
import { aboveMinusOne } from './above-minus-one.ts'
import { contextNetwork, movedByContext } from './conditioned.ts'
import { logSlope, tanhRoot } from './tanh-root.ts'
import { vectorLength } from './vector.ts'

/** What `planar` returns. */
export type PlanarSpec = BijectorSpec & { readonly _tag: 'planar'; readonly conditioner?: NetworkSpec }

/**
 * A planar map (Rezende and Mohamed 2015, section 4.1): y = x + v tanh(w'x + b), log |det| = log(1 + w'v sech^2(w'x + b)).
 *
 * Invertible by construction: v = u + (m(w'u) - w'u) w / |w|^2 with m(a) = a where a >= 0, 0.99 (exp(a / 0.99) - 1) below, so that w'v > -0.99, and
 * v = u wherever w'u >= 0. The inverse is the root of one increasing function of one number in each row. Starts as the identity: u = 0.
 *
 * @param conditioner a network that moves w, u and b by the context; without one they are the same for every row
 * @example invert(repeat(8, chain(planar(), reverse())))
 * @see https://arxiv.org/abs/1505.05770
 */
export const planar = ({ conditioner }: { readonly conditioner?: NetworkSpec } = {}): PlanarSpec => ({
  _tag: 'planar',
  ...(conditioner !== undefined && { conditioner }),
})

/** `w` and `u` [D], `b` a scalar; and the network's, if there is one. */
export type PlanarParams = { readonly w: Tensor; readonly u: Tensor; readonly b: Tensor; readonly conditioner?: Params }

/** w and v, and the product of the two, which is above -1: each [N or 1, ...]. */
interface Plane {
  readonly w: Tensor
  readonly v: Tensor
  readonly product: Tensor
  readonly b: Tensor
}

const leastSquare = 1e-12

const planeOf = ([w, u, b]: ReadonlyArray<Tensor>): Plane => {
  const given = sum(mul(w!, u!), 1, true)
  const product = aboveMinusOne(given)
  const v = add(u!, mul(div(sub(product, given), maximum(sum(square(w!), 1, true), leastSquare)), w!))
  return { w: w!, v, product, b: b! }
}

const along = (w: Tensor, x: Tensor): Tensor => sum(mul(w, x), 1, true)
const perRow = (x: Tensor): Tensor => reshape(x, [x.shape[0]!])

/**
 * A planar map of vectors of a length.
 *
 * @param conditioner maps the flattened context [N, C] to [N, 2 D + 1]
 */
export const planarBijector = (dim: number, conditioner?: Network, contextShape?: Tree<Shape>): Bijector<PlanarParams> => {
  const space = realSpace([dim])
  const plane = ({ w, u, b, conditioner: params }: PlanarParams, context?: Context): Plane =>
    planeOf(movedByContext([w, u, b], conditioner, params, context))
  const own = { w: true, u: true, b: true }
  return {
    spec: planar(conditioner && { conditioner: conditioner.spec }),
    contextShape: conditioner && contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'iterative' },
    trainable: conditioner ? { ...own, conditioner: conditioner.trainable } : own,
    init: key => {
      const [wKey, networkKey] = split(key)
      const w = tidy(() => div(normal(wKey!, [dim]), Math.sqrt(dim)))
      const fresh = { w, u: zeros([dim]), b: scalar(0) }
      return conditioner ? { ...fresh, conditioner: conditioner.init(networkKey!) } : fresh
    },
    forward: (params, x, context) =>
      tidy(() => {
        const { w, v, product, b } = plane(params, context)
        const h = tanh(add(along(w, x), b))
        return { y: add(x, mul(v, h)), logDet: perRow(logSlope(product, h)) }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        const { w, v, product, b } = plane(params, context)
        // w'y = w'x + w'v tanh(w'x + b), so s = w'x + b solves s + w'v tanh s = w'y + b
        const s = tanhRoot(add(along(w, y), b), { r: product, q: scalar(1), c: scalar(0) })
        const h = tanh(s)
        return { x: sub(y, mul(v, h)), logDet: perRow(neg(logSlope(product, h))) }
      }),
  }
}

export const planarEntry: BijectorEntry<PlanarSpec> = {
  tag: 'planar',
  build: (spec, site) => {
    const dim = vectorLength('planar', site)
    return planarBijector(dim, contextNetwork(spec.conditioner, 2 * dim + 1, site), site.context)
  },
}
