import { add, fill, greater, less, logicalOr, maximum, minimum, mul, sub, tensor, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Key } from '../random/key.ts'
import { uniform as uniformSample } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { eachSupport } from '../support.ts'
import { sumEvent, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { fixedDistribution } from './fixed.ts'
import { dimOf } from './multivariate-normal.ts'

/** What `box` returns. */
export type BoxSpec = DistributionSpec & { readonly _tag: 'box'; readonly low: ReadonlyArray<number>; readonly high: ReadonlyArray<number> }

/**
 * The uniform distribution on a box of a vector: dimension i between low[i] and high[i], the ends included. No parameters.
 *
 * @example box({ low: [0, -1], high: [1, 1] })
 */
export const box = ({ low, high }: { readonly low: ReadonlyArray<number>; readonly high: ReadonlyArray<number> }): BoxSpec => ({
  _tag: 'box',
  low,
  high,
})

export const boxEntry: DistributionEntry<BoxSpec> = {
  tag: 'box',
  build: (spec, site) => {
    const dim = dimOf('box', site)
    const [low, high] = [spec.low.map(Math.fround), spec.high.map(Math.fround)]
    const fits =
      low.length === dim && high.length === dim && low.every((a, i) => Number.isFinite(a) && Number.isFinite(high[i]) && a < high[i]!)
    if (!fits)
      throw new RangeError(
        `build: expected ${dim} finite numbers low < high, got [${spec.low.join(', ')}] and [${spec.high.join(', ')}] at ${showPath(site.path)}`,
      )
    const logVolume = low.reduce((sum, a, i) => sum + Math.log(high[i]! - a), 0)
    const ends = (): readonly [Tensor, Tensor] => [tensor([...low]), tensor([...high])]
    const logProb = (x: Tensor): Tensor => {
      if (x.size === 0) return zeros([0])
      const [from, to] = ends()
      const outside = logicalOr(less(x, from), greater(x, to))
      return add(sumEvent(where(outside, fill(x.shape, -Infinity), zeroUnlessNaN(x))), -logVolume)
    }
    const sample = (key: Key, n: number): Tensor => {
      if (n === 0) return zeros([0, dim])
      const [from, to] = ends()
      // rounding may pass an end
      return minimum(maximum(add(from, mul(uniformSample(key, [n, dim]), sub(to, from))), from), to)
    }
    const support = eachSupport(low.map((a, i) => ({ _tag: 'interval', low: a, high: high[i]! })))
    return fixedDistribution({ spec, space: { shape: [dim], support }, logProb, sample })
  },
}
