import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Space } from '../contracts.ts'
import type { Key } from '../random/key.ts'
import type { DistributionSpec } from '../spec.ts'
import { tidy } from '../tensor.ts'
import { checked } from './checked.ts'

/** A distribution that nothing is to be learned of. */
export interface FixedDistribution {
  readonly spec: DistributionSpec
  readonly space: Space
  logProb(x: Tensor): Tensor
  sample(key: Key, n: number): Tensor
}

/** A distribution without parameters and context, from its density and its sampler. */
export const fixedDistribution = ({ spec, space, logProb, sample }: FixedDistribution): Distribution<Record<string, never>> =>
  checked({
    spec,
    space,
    contextShape: undefined,
    trainable: {},
    init: () => ({}),
    logProb: (_, x) => tidy(() => logProb(x)),
    sample: (_, key, n) => tidy(() => sample(key, n)),
    sampleAndLogProb: (_, key, n) =>
      tidy(() => {
        const x = sample(key, n)
        return { x, logProb: logProb(x) }
      }),
  })
