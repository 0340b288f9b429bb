import {
  add,
  concat,
  div,
  exp,
  fill,
  maximum,
  mul,
  neg,
  reshape,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape, Space } from '../../contracts.ts'
import { newtonRoot } from '../../control/newton-root.ts'
import type { Differentiable } from '../../control/newton-root.ts'
import { smallInverse, smallLogDet } from '../../linalg/small-inverse.ts'
import { identityMatrix } from '../../linalg/triangular.ts'
import { split } from '../../random/key.ts'
import { normal } from '../../random/sample.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../../spec.ts'
import { handle, tidy } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import type { Tree } from '../../tree.ts'
import { contextNetwork, movedByContext } from '../conditioned.ts'
import { constrainedLength } from './sizes.ts'

/** What `exponentialMap` returns. */
export type ExponentialMapSpec = BijectorSpec & {
  readonly _tag: 'exponentialMap'
  readonly components: number
  readonly conditioner?: NetworkSpec
}

/**
 * An exponential-map flow of the sphere of unit vectors in R^D (Rezende et al. 2020, section 2.4.2): every point walks along a great circle, as the
 * gradient of a sum of radial bumps says,
 *
 *   y = exp_z(grad phi(z)),   phi(z) = sum_k alpha_k / beta_k exp(beta_k (z' mu_k - 1)),   alpha_k >= 0,   sum_k alpha_k <= 0.95
 *
 * which draws the points towards the centres mu_k. Below a sum of 1 the map is one to one. Its log-determinant is that of its Jacobian between tangent
 * planes: a closed form on S1 and S2, an elimination for each row beyond. The inverse is found by Newton's method, and has derivatives. Starts near the
 * identity, with alphas that sum to 0.095: the family holds the identity only at its edge.
 *
 * @param components how many centres, 1 to 1000
 * @param conditioner a network that moves centres, alphas and betas by the context; without one they are the same for every row
 * @throws RangeError when built, where components is no such number
 * @example flow({ base: uniformSphere(), bijector: invert(repeat(6, exponentialMap({ components: 5 }))) })
 * @see https://arxiv.org/abs/2002.02428
 */
export const exponentialMap = ({
  components = 8,
  conditioner,
}: { readonly components?: number; readonly conditioner?: NetworkSpec } = {}): ExponentialMapSpec => ({
  _tag: 'exponentialMap',
  components,
  ...(conditioner !== undefined && { conditioner }),
})

/** `centres` [K, D], of any length; `weights` and `sharpness` [K], from which alpha and beta come; and the network's, if there is one. */
export type ExponentialMapParams = {
  readonly centres: Tensor
  readonly weights: Tensor
  readonly sharpness: Tensor
  readonly conditioner?: Params
}

/** The sum of the alphas: at 1 the map would cease to be one to one. */
const most = 0.95
/** |log beta|: the sharpest bump is 2 degrees wide. */
const sharpest = 7

/** Unit vectors [B, K, D] and numbers [B, K], B the number of rows, or 1. */
type Bumps = { readonly mu: Tensor; readonly alpha: Tensor; readonly beta: Tensor }

const bumpsOf = ([centres, weights, sharpness]: ReadonlyArray<Tensor>, count: number, size: number): Bumps => {
  const rows = centres!.shape[0]!
  const points = reshape(centres!, [rows, count, size])
  const mu = div(points, sqrt(maximum(sum(square(points), 2, true), 1e-12)))
  // one share is left over: of weights 0 it is nine tenths
  const shares = softmax(concat([weights!, fill([rows, 1], Math.log(9 * count))], 1))
  return { mu, alpha: mul(most, slice(shares, [0, 0], [-1, count])), beta: exp(mul(sharpest, tanh(div(sharpness!, sharpest)))) }
}

/** Taylor's polynomial in r^2, r below 1. */
const polynomial = (square: Tensor, coefficients: ReadonlyArray<number>): Tensor =>
  coefficients.slice(0, -1).reduceRight<Tensor>((p, c) => add(c, mul(square, p)), fill(square.shape, coefficients.at(-1)!))

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
const orders = [0, 1, 2, 3, 4, 5]
const sign = (k: number): number => (k % 2 === 0 ? 1 : -1)
/** cos r, sin r / r and (cos r - sin r / r) / r^2. */
const cosine = orders.map(k => sign(k) / factorial(2 * k))
const sinc = orders.map(k => sign(k) / factorial(2 * k + 1))
const bend = orders.map(k => sign(k + 1) * (1 / factorial(2 * k + 2) - 1 / factorial(2 * k + 3)))

const dot = (x: Tensor, y: Tensor): Tensor => sum(mul(x, y), 1, true)

/** What is pulled where at a row of x: its direction z, the pull of each bump [N, K], their sum, and that along the sphere. */
const pullAt = (
  x: Tensor,
  { mu, alpha, beta }: Bumps,
): {
  readonly radius: Tensor
  readonly z: Tensor
  readonly pulls: Tensor
  readonly gradient: Tensor
  readonly height: Tensor
  readonly v: Tensor
} => {
  const [n, size] = [x.shape[0]!, x.shape[1]!]
  const radius = sqrt(sum(square(x), 1, true))
  const z = div(x, radius)
  // z' mu - 1 as minus half a squared distance: exact where a sharp bump needs it
  const distances = sum(square(sub(reshape(z, [n, 1, size]), mu)), 2)
  const pulls = mul(alpha, exp(mul(mul(-0.5, beta), distances)))
  const gradient = sum(mul(reshape(pulls, [n, pulls.shape[1]!, 1]), mu), 1)
  const height = dot(gradient, z)
  return { radius, z, pulls, gradient, height, v: sub(gradient, mul(height, z)) }
}

/** The map, carried on to all of R^D: x of length r goes to r times the image of x / r. */
const valueAt = (x: Tensor, bumps: Bumps): Tensor => {
  const { radius, z, v } = pullAt(x, bumps)
  const r2 = dot(v, v)
  return mul(radius, add(mul(polynomial(r2, cosine), z), mul(polynomial(r2, sinc), v)))
}

/** Its Jacobian [N, D, D]: J of the sphere between the tangent planes, and z to y across them, so that |det| is that of J. */
const jacobianAt = (x: Tensor, bumps: Bumps): Tensor => {
  const [n, size] = [x.shape[0]!, x.shape[1]!]
  const { z, pulls, gradient, height, v } = pullAt(x, bumps)
  const count = pulls.shape[1]!
  const r2 = dot(v, v)
  const [c, s, q] = [cosine, sinc, bend].map(coefficients => polynomial(r2, coefficients)) as [Tensor, Tensor, Tensor]
  const outer = (a: Tensor, b: Tensor): Tensor => mul(reshape(a, [n, size, 1]), reshape(b, [n, 1, size]))
  const wide = (a: Tensor): Tensor => reshape(a, [n, 1, 1])
  const unit = reshape(identityMatrix(size), [1, size, size])
  const rows = bumps.mu.shape[0]!
  const squares = mul(reshape(bumps.mu, [rows, count, size, 1]), reshape(bumps.mu, [rows, count, 1, size]))
  const hessian = sum(mul(reshape(mul(bumps.beta, pulls), [n, count, 1, 1]), squares), 1)
  const along = (a: Tensor): Tensor => sum(mul(hessian, reshape(a, [n, 1, size])), 2)
  // dv = (H - z (H z + g)' - g'z) dz, and v'dv = (H v - g'z v)' dz
  const dv = sub(sub(hessian, outer(z, add(along(z), gradient))), mul(wide(height), unit))
  const vdv = sub(along(v), mul(height, v))
  const dy = add(add(mul(wide(c), unit), mul(wide(s), dv)), outer(sub(mul(q, v), mul(s, z)), vdv))
  const y = add(mul(c, z), mul(s, v))
  return add(dy, outer(sub(y, sum(mul(dy, reshape(z, [n, 1, size])), 2)), z))
}

const mapOfSphere: Differentiable<Bumps> = { value: valueAt, jacobian: jacobianAt, inverse: smallInverse }

/**
 * An exponential map of the sphere of unit vectors of a length.
 *
 * @param size       D, at least 2
 * @param count      of components
 * @param conditioner maps the flattened context [N, C] to [N, K (D + 2)]
 */
export const exponentialMapBijector = (
  size: number,
  count: number,
  conditioner?: Network,
  contextShape?: Tree<Shape>,
): Bijector<ExponentialMapParams> => {
  const space: Space = { shape: [size], support: { _tag: 'sphere' } }
  const bumps = ({ centres, weights, sharpness, conditioner: params }: ExponentialMapParams, context?: Context): Bumps =>
    bumpsOf(movedByContext([centres, weights, sharpness], conditioner, params, context), count, size)
  const own = { centres: true, weights: true, sharpness: true }
  return {
    spec: exponentialMap({ components: count, ...(conditioner && { conditioner: conditioner.spec }) }),
    contextShape: conditioner && contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'iterative' },
    trainable: conditioner ? { ...own, conditioner: conditioner.trainable } : own,
    init: key => {
      const [centreKey, networkKey] = split(key)
      const fresh = { centres: normal(centreKey!, [count, size]), weights: zeros([count]), sharpness: zeros([count]) }
      return conditioner ? { ...fresh, conditioner: conditioner.init(networkKey!) } : fresh
    },
    forward: (params, x, context) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const given = bumps(params, context)
        return { y: valueAt(x, given), logDet: smallLogDet(jacobianAt(x, given)) }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const given = bumps(params, context)
        const x = newtonRoot('exponentialMap', mapOfSphere, y, given)
        return { x, logDet: neg(smallLogDet(jacobianAt(x, given))) }
      }),
  }
}

export const exponentialMapEntry: BijectorEntry<ExponentialMapSpec> = {
  tag: 'exponentialMap',
  build: (spec, site) => {
    const size = constrainedLength('exponentialMap', site, 0, 2)
    const { components } = spec
    if (!Number.isSafeInteger(components) || components < 1 || components > 1000)
      throw new RangeError(`build: expected 1 to 1000 components, got ${components} at ${showPath([...site.path, 'components'])}`)
    return exponentialMapBijector(size, components, contextNetwork(spec.conditioner, components * (size + 2), site), site.context)
  },
}
