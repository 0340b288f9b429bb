import { add, div, log, mul, neg, sqrt, square, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Space } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { handle, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { constrainedLength } from './sizes.ts'

/** What `sphereMoebius` returns. */
export type SphereMoebiusSpec = BijectorSpec & { readonly _tag: 'sphereMoebius' }

/**
 * A Moebius map of the sphere of unit vectors in R^(n+1) (Rezende et al. 2020, section 2.1.1), w a point inside of it that is trained:
 *
 *   h(z) = f (z - w) - w,   f = (1 - |w|^2) / |z - w|^2;   it keeps angles, so its log-determinant is n log f, and h^-1 is h of -w
 *
 * It draws the sphere away from w / |w|, or towards it. Starts as the identity.
 *
 * @example flow({ base: uniformSphere(), bijector: sphereMoebius() })
 * @see https://arxiv.org/abs/2002.02428
 */
export const sphereMoebius = (): SphereMoebiusSpec => ({ _tag: 'sphereMoebius' })

/** Any point [n + 1], which is drawn to w, of length below 0.95. */
export type SphereMoebiusParams = { readonly point: Tensor }

const longest = 0.95

/** @param size n + 1, at least 2 */
export const sphereMoebiusBijector = (size: number): Bijector<SphereMoebiusParams> => {
  const space: Space = { shape: [size], support: { _tag: 'sphere' } }
  const inside = (point: Tensor): Tensor => mul(longest, div(point, sqrt(add(1, sum(square(point))))))
  const mapped = (w: Tensor, z: Tensor): { readonly image: Tensor; readonly logDet: Tensor } => {
    const away = sub(z, w)
    const factor = div(sub(1, sum(square(w))), sum(square(away), 1, true))
    return { image: sub(mul(factor, away), w), logDet: add(sumEvent(mul(size - 1, log(factor))), sumEvent(zeroUnlessNaN(z))) }
  }
  return {
    spec: sphereMoebius(),
    contextShape: undefined,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: { point: true },
    init: () => ({ point: zeros([size]) }),
    forward: ({ point }, x) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const { image, logDet } = mapped(inside(point), x)
        return { y: image, logDet }
      }),
    inverse: ({ point }, y) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const { image, logDet } = mapped(neg(inside(point)), y)
        return { x: image, logDet }
      }),
  }
}

export const sphereMoebiusEntry: BijectorEntry<SphereMoebiusSpec> = {
  tag: 'sphereMoebius',
  build: (_, site) => sphereMoebiusBijector(constrainedLength('sphereMoebius', site, 0, 2)),
}
