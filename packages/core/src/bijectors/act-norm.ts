import { add, div, exp, log, maximum, mul, neg, ones, sqrt, square, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Shape } from '../contracts.ts'
import type { BijectorEntry } from '../registry.ts'
import type { ActNormSpec } from '../specs.ts'
import { realSpace } from '../support.ts'
import { meanOfRows, sumEvent, tidy, zeroUnlessNaN } from '../tensor.ts'

/**
 * Activation normalization (Glow, Kingma and Dhariwal 2018, section 3.1): y = exp(logScale) x + shift for each dimension.
 * `adapt` sets both from a batch, so that the other side has mean 0 and variance 1; after that they are trained.
 *
 * @see https://arxiv.org/abs/1807.03039
 */
export const actNorm = (): ActNormSpec => ({ _tag: 'actNorm' })

/** Both of the event's shape. */
export type ActNormParams = { readonly logScale: Tensor; readonly shift: Tensor }

/** A deviation below this counts as this: a constant dimension gets a finite scale. */
const leastDeviation = 1e-6

/** Activation normalization of events of a shape; starts as the identity. */
export const actNormBijector = (shape: Shape): Bijector<ActNormParams> => {
  const logDet = (logScale: Tensor, x: Tensor): Tensor => add(mul(sum(logScale), ones([x.shape[0]!])), sumEvent(zeroUnlessNaN(x)))
  return {
    spec: actNorm(),
    contextShape: undefined,
    base: realSpace(shape),
    data: realSpace(shape),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: { logScale: true, shift: true },
    init: () => ({ logScale: zeros([...shape]), shift: zeros([...shape]) }),
    forward: ({ logScale, shift }, x) => tidy(() => ({ y: add(mul(x, exp(logScale)), shift), logDet: logDet(logScale, x) })),
    inverse: ({ logScale, shift }, y) => tidy(() => ({ x: mul(sub(y, shift), exp(neg(logScale))), logDet: neg(logDet(logScale, y)) })),
    adapt: (_, side, batch) =>
      tidy(() => {
        if (batch.size === 0) throw new RangeError('actNorm: expected at least one row to adapt to, got none')
        const center = meanOfRows(batch)
        const deviation = maximum(sqrt(meanOfRows(square(sub(batch, center)))), leastDeviation)
        // from the data side, data = deviation base + center; from the base side, data = (base - center) / deviation
        return side === 'data'
          ? { logScale: log(deviation), shift: center }
          : { logScale: neg(log(deviation)), shift: neg(div(center, deviation)) }
      }),
  }
}

export const actNormEntry: BijectorEntry<ActNormSpec> = {
  tag: 'actNorm',
  build: (_, site) => actNormBijector(site.shape),
}
