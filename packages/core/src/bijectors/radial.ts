import {
  add,
  div,
  exp,
  greater,
  log,
  mul,
  neg,
  onesLike,
  reshape,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape } from '../contracts.ts'
import { split } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { tidy } from '../tensor.ts'
import { logScale } from '../transformers/scale-map.ts'
import type { Tree } from '../tree.ts'
import { aboveMinusOne } from './above-minus-one.ts'
import { contextNetwork, movedByContext } from './conditioned.ts'
import { vectorLength } from './vector.ts'

/** What `radial` returns. */
export type RadialSpec = BijectorSpec & { readonly _tag: 'radial'; readonly conditioner?: NetworkSpec }

/**
 * A radial map (Rezende and Mohamed 2015, section 4.1): y = x + alpha m (x - center) / (alpha + r), r = |x - center|, alpha > 0, m > -0.99.
 *
 *   log |det| = (D - 1) log(1 + m alpha / (alpha + r)) + log(1 + m alpha^2 / (alpha + r)^2)
 *
 * Invertible by construction: m is `strength` where that is not negative, 0.99 (exp(strength / 0.99) - 1) below. Its inverse is the root of a
 * quadratic in r. Starts as the identity: m = 0.
 *
 * @param conditioner a network that moves the parameters by the context; without one they are the same for every row
 * @see https://arxiv.org/abs/1505.05770
 */
export const radial = ({ conditioner }: { readonly conditioner?: NetworkSpec } = {}): RadialSpec => ({
  _tag: 'radial',
  ...(conditioner !== undefined && { conditioner }),
})

/** `center` [D]; `logRadius`, the logarithm of alpha, within [1e-3, 1e3] by a soft clip, and `strength`, scalars; and the network's, if there is one. */
export type RadialParams = {
  readonly center: Tensor
  readonly logRadius: Tensor
  readonly strength: Tensor
  readonly conditioner?: Params
}

/** Each [N or 1, ...]. */
interface Ball {
  readonly center: Tensor
  readonly alpha: Tensor
  readonly m: Tensor
}

const ballOf = ([center, logRadius, strength]: ReadonlyArray<Tensor>): Ball => ({
  center: center!,
  alpha: exp(logScale('softclip', logRadius!)),
  m: aboveMinusOne(strength!),
})

/** [N, 1]; its gradient at 0 is 0. */
const lengthOf = (x: Tensor): Tensor => {
  const squares = sum(square(x), 1, true)
  const isSome = greater(squares, 0)
  const length = sqrt(where(isSome, squares, onesLike(squares)))
  // NaN is not greater than 0, and must show
  return add(where(isSome, length, zerosLike(squares)), mul(squares, 0))
}

/** alpha / (alpha + r) and the log-determinant [N]. */
const at = ({ alpha, m }: Ball, r: Tensor, dim: number): { readonly h: Tensor; readonly logDet: Tensor } => {
  const h = div(alpha, add(alpha, r))
  const across = log(add(1, mul(m, h)))
  const outward = log(add(1, mul(m, square(h))))
  const logDet = add(mul(dim - 1, across), outward)
  return { h, logDet: reshape(logDet, [logDet.shape[0]!]) }
}

/**
 * The r with r (1 + m alpha / (alpha + r)) = R: r^2 + p r - alpha R = 0 with p = alpha (1 + m) - R, in the form that does not cancel.
 */
const radiusOf = ({ alpha, m }: Ball, image: Tensor): Tensor => {
  const p = sub(mul(alpha, add(1, m)), image)
  const product = mul(alpha, image)
  const root = sqrt(add(square(p), mul(4, product)))
  const isPositive = greater(p, 0)
  const sumOf = add(where(isPositive, p, neg(p)), root)
  return where(isPositive, div(mul(2, product), sumOf), mul(0.5, sumOf))
}

/**
 * A radial map of vectors of a length.
 *
 * @param conditioner maps the flattened context [N, C] to [N, D + 2]
 */
export const radialBijector = (dim: number, conditioner?: Network, contextShape?: Tree<Shape>): Bijector<RadialParams> => {
  const space = realSpace([dim])
  const ball = ({ center, logRadius, strength, conditioner: params }: RadialParams, context?: Context): Ball =>
    ballOf(movedByContext([center, logRadius, strength], conditioner, params, context))
  const own = { center: true, logRadius: true, strength: true }
  return {
    spec: radial(conditioner && { conditioner: conditioner.spec }),
    contextShape: conditioner && contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: conditioner ? { ...own, conditioner: conditioner.trainable } : own,
    init: key => {
      const [centerKey, networkKey] = split(key)
      const fresh = { center: normal(centerKey!, [dim]), logRadius: scalar(0), strength: scalar(0) }
      return conditioner ? { ...fresh, conditioner: conditioner.init(networkKey!) } : fresh
    },
    forward: (params, x, context) =>
      tidy(() => {
        const given = ball(params, context)
        const offset = sub(x, given.center)
        const { h, logDet } = at(given, lengthOf(offset), dim)
        return { y: add(x, mul(mul(given.m, h), offset)), logDet }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        const given = ball(params, context)
        const offset = sub(y, given.center)
        const { h, logDet } = at(given, radiusOf(given, lengthOf(offset)), dim)
        return { x: add(given.center, div(offset, add(1, mul(given.m, h)))), logDet: neg(logDet) }
      }),
  }
}

export const radialEntry: BijectorEntry<RadialSpec> = {
  tag: 'radial',
  build: (spec, site) => {
    const dim = vectorLength('radial', site)
    return radialBijector(dim, contextNetwork(spec.conditioner, dim + 2, site), site.context)
  },
}
