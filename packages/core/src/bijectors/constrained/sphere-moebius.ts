import { add, div, log, mul, neg, sqrt, square, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape, Space } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../../spec.ts'
import { handle, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import type { Tree } from '../../tree.ts'
import { contextNetwork, movedByContext } from '../conditioned.ts'
import { constrainedLength } from './sizes.ts'

/** What `sphereMoebius` returns. */
export type SphereMoebiusSpec = BijectorSpec & { readonly _tag: 'sphereMoebius'; readonly conditioner?: NetworkSpec }

/**
 * A Moebius map of the sphere of unit vectors in R^(n+1) (Rezende et al. 2020, section 2.1.1), w a point inside of it that is trained:
 *
 *   h(z) = f (z - w) - w,   f = (1 - |w|^2) / |z - w|^2;   it keeps angles, so its log-determinant is n log f, and h^-1 is h of -w
 *
 * It draws the sphere away from w / |w|, or towards it. Starts as the identity.
 *
 * @param conditioner a network that moves the point by the context; without one it is the same for every row
 * @example flow({ base: uniformSphere(), bijector: sphereMoebius() })
 * @see https://arxiv.org/abs/2002.02428
 */
export const sphereMoebius = ({ conditioner }: { readonly conditioner?: NetworkSpec } = {}): SphereMoebiusSpec => ({
  _tag: 'sphereMoebius',
  ...(conditioner !== undefined && { conditioner }),
})

/** Any point [n + 1], which is drawn to w, of length below 0.95; and the network's, if there is one. */
export type SphereMoebiusParams = { readonly point: Tensor; readonly conditioner?: Params }

const longest = 0.95

/**
 * A Moebius map of the sphere of unit vectors of a length.
 *
 * @param size        n + 1, at least 2
 * @param conditioner maps the flattened context [N, C] to [N, n + 1]
 */
export const sphereMoebiusBijector = (size: number, conditioner?: Network, contextShape?: Tree<Shape>): Bijector<SphereMoebiusParams> => {
  const space: Space = { shape: [size], support: { _tag: 'sphere' } }
  const inside = ({ point, conditioner: params }: SphereMoebiusParams, context?: Context): Tensor => {
    const [at] = movedByContext([point], conditioner, params, context)
    return mul(longest, div(at!, sqrt(add(1, sum(square(at!), 1, true)))))
  }
  const mapped = (w: Tensor, z: Tensor): { readonly image: Tensor; readonly logDet: Tensor } => {
    const away = sub(z, w)
    const factor = div(sub(1, sum(square(w), 1, true)), sum(square(away), 1, true))
    const image = sub(mul(factor, away), w)
    // off the sphere the map is another: layer after layer would carry a rounding further away from it
    const length = sqrt(sum(square(image), 1, true))
    return { image: div(image, length), logDet: add(sumEvent(mul(size - 1, log(factor))), sumEvent(zeroUnlessNaN(z))) }
  }
  return {
    spec: sphereMoebius(conditioner && { conditioner: conditioner.spec }),
    contextShape: conditioner && contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: conditioner ? { point: true, conditioner: conditioner.trainable } : { point: true },
    init: key => (conditioner ? { point: zeros([size]), conditioner: conditioner.init(key) } : { point: zeros([size]) }),
    forward: (params, x, context) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const { image, logDet } = mapped(inside(params, context), x)
        return { y: image, logDet }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const { image, logDet } = mapped(neg(inside(params, context)), y)
        return { x: image, logDet }
      }),
  }
}

export const sphereMoebiusEntry: BijectorEntry<SphereMoebiusSpec> = {
  tag: 'sphereMoebius',
  build: (spec, site) => {
    const size = constrainedLength('sphereMoebius', site, 0, 2)
    return sphereMoebiusBijector(size, contextNetwork(spec.conditioner, size, site), site.context)
  },
}
