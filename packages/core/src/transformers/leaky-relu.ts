import { add, div, fill, less, mul, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { fixed } from './fixed.ts'

/** What `leakyRelu` returns. */
export type LeakyReluSpec = TransformerSpec & { readonly _tag: 'leakyRelu'; readonly slope: number }

/**
 * y = x for x >= 0, slope x below.
 *
 * @param slope from 1e-3 to 1e3
 */
export const leakyRelu = ({ slope = 0.01 }: { readonly slope?: number } = {}): LeakyReluSpec => ({ _tag: 'leakyRelu', slope })

/** Near the end of float32, with room for rounding. */
const most = 3e38

export const leakyReluTransformer = (spec: LeakyReluSpec): Transformer<Record<string, never>> => {
  const logSlope = (x: Tensor, slope: number): Tensor =>
    add(where(less(x, 0), fill(x.shape, Math.log(slope)), zerosLike(x)), zeroUnlessNaN(x))
  const [xReach, yReach] = [most / Math.max(1, spec.slope), most * Math.min(1, spec.slope)]
  return fixed(spec, {
    xLimits: [-xReach, most],
    yLimits: [-yReach, most],
    forward: x => ({ y: where(less(x, 0), mul(x, spec.slope), x), logDeriv: logSlope(x, spec.slope) }),
    inverse: y => ({ x: where(less(y, 0), div(y, spec.slope), y), logDeriv: logSlope(y, 1 / spec.slope) }),
  })
}

export const leakyReluEntry: TransformerEntry<LeakyReluSpec> = {
  tag: 'leakyRelu',
  build: (spec, site) => {
    if (!(spec.slope >= 1e-3 && spec.slope <= 1e3))
      throw new RangeError(`build: expected a slope from 1e-3 to 1e3, got ${spec.slope} at ${showPath([...site.path, 'slope'])}`)
    return leakyReluTransformer(spec)
  },
}
