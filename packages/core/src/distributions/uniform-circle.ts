import { abs, add, fill, greater, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Shape } from '../contracts.ts'
import { uniform } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { circle, limitsOf } from '../support.ts'
import { sumEvent, zeroUnlessNaN } from '../tensor.ts'
import { fixedDistribution } from './fixed.ts'

/** What `uniformCircle` returns. */
export type UniformCircleSpec = DistributionSpec & { readonly _tag: 'uniformCircle' }

/**
 * Independent uniform angles in radians, [-pi, pi): the base of flows on a circle or a torus.
 *
 * @example flow({ base: uniformCircle(), bijector: invert(chain(coupling(periodic(mlp()), circularSpline()), reverse())) })
 */
export const uniformCircle = (): UniformCircleSpec => ({ _tag: 'uniformCircle' })

/** -D log 2 pi on the torus, -Infinity off it. */
export const uniformCircleDistribution = (spec: UniformCircleSpec, shape: Shape): Distribution<Record<string, never>> => {
  const [low, high] = limitsOf(circle)
  const logProb = (x: Tensor): Tensor =>
    sumEvent(where(greater(abs(x), high), fill(x.shape, -Infinity), add(zeroUnlessNaN(x), -Math.log(2 * Math.PI))))
  return fixedDistribution({
    spec,
    space: { shape, support: circle },
    logProb,
    sample: (key, n) => uniform(key, [n, ...shape], { low, high }),
  })
}

export const uniformCircleEntry: DistributionEntry<UniformCircleSpec> = {
  tag: 'uniformCircle',
  build: (spec, site) => uniformCircleDistribution(spec, site.shape),
}
