import { add, fill, greater, less, logicalOr, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Shape } from '../contracts.ts'
import { uniform as uniformSample } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { UniformSpec } from '../specs.ts'
import { sumEvent, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { fixedDistribution } from './fixed.ts'

/**
 * The uniform distribution on a box: every dimension between `low` and `high`.
 *
 * @example flow({ base: uniform({ low: 0, high: 1 }), bijector: permute([1, 0]) })
 */
export const uniform = ({ low = 0, high = 1 }: { readonly low?: number; readonly high?: number } = {}): UniformSpec => ({
  _tag: 'uniform',
  low,
  high,
})

/** -D log(high - low) inside, -Infinity outside. */
export const uniformDistribution = (spec: UniformSpec, shape: Shape): Distribution<Record<string, never>> => {
  const { low, high } = spec
  const logProb = (x: Tensor): Tensor => {
    const outside = logicalOr(less(x, low), greater(x, high))
    const inside = add(zeroUnlessNaN(x), -Math.log(high - low))
    return sumEvent(where(outside, fill(x.shape, -Infinity), inside))
  }
  return fixedDistribution({
    spec,
    space: { shape, support: { _tag: 'interval', low, high } },
    logProb,
    sample: (key, n) => uniformSample(key, [n, ...shape], { low, high }),
  })
}

export const uniformEntry: DistributionEntry<UniformSpec> = {
  tag: 'uniform',
  build: (spec, site) => {
    if (!(Number.isFinite(spec.low) && Number.isFinite(spec.high) && spec.low < spec.high))
      throw new RangeError(`build: expected finite low < high, got ${spec.low} and ${spec.high} at ${showPath(site.path)}`)
    return uniformDistribution(spec, site.shape)
  },
}
