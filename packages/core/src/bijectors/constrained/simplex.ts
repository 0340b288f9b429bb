import { add, concat, cumsum, exp, log, logSumExp, mul, neg, slice, sub, sum, tensor2d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { realSpace } from '../../support.ts'
import { sumEvent, tidy } from '../../tensor.ts'
import { clipped, softplus } from '../../transformers/scalar-functions.ts'
import { constrainedLength } from './sizes.ts'

/** What `stickBreaking` returns. */
export type StickBreakingSpec = BijectorSpec & { readonly _tag: 'stickBreaking' }
/** What `centeredSoftmax` returns. */
export type CenteredSoftmaxSpec = BijectorSpec & { readonly _tag: 'centeredSoftmax' }

/**
 * R^(K-1) onto the simplex of K positive numbers that sum to 1, by breaking a stick (Stan and torch's `StickBreakingTransform`):
 *
 *   z_k = sigmoid(x_k - log(K - k)),   y_k = z_k (1 - y_1 - ... - y_{k-1}),   y_K what is left; 0 goes to 1 / K everywhere
 *
 * The log-determinant is that by the first K - 1 coordinates.
 *
 * @example flow({ base: standardNormal(), bijector: chain(coupling(mlp(), affine()), stickBreaking()) })
 * @see https://mc-stan.org/docs/reference-manual/transforms.html#simplex-transform.section
 */
export const stickBreaking = (): StickBreakingSpec => ({ _tag: 'stickBreaking' })

/**
 * R^(K-1) onto the simplex of K positive numbers that sum to 1: the softmax of (x, 0), which treats all but the last alike (TFP's `SoftmaxCentered`).
 * The log-determinant is that by the first K - 1 coordinates.
 */
export const centeredSoftmax = (): CenteredSoftmaxSpec => ({ _tag: 'centeredSoftmax' })

type Step = { readonly out: Tensor; readonly logDet: Tensor }

/** A map between R^(K-1) and the simplex, given both ways. */
const ontoSimplex = (
  spec: BijectorSpec,
  size: number,
  forward: (x: Tensor) => Step,
  inverse: (y: Tensor) => Step,
): Bijector<Record<string, never>> => ({
  spec,
  contextShape: undefined,
  base: realSpace([size - 1]),
  data: { shape: [size], support: { _tag: 'simplex' } },
  cost: { forward: 'parallel', inverse: 'parallel' },
  trainable: {},
  init: () => ({}),
  forward: (_, x) =>
    tidy(() => {
      if (x.size === 0) return { y: zeros([0, size]), logDet: zeros([0]) }
      const { out, logDet } = forward(x)
      return { y: out, logDet }
    }),
  inverse: (_, y) =>
    tidy(() => {
      if (y.size === 0) return { x: zeros([0, size - 1]), logDet: zeros([0]) }
      const { out, logDet } = inverse(clipped(y, smallest, 1))
      return { x: out, logDet }
    }),
})

/** What is smaller counts as this: its inverse and multiples of that stay in float32. */
const smallest = 1e-36
const mostNegative = Math.log(smallest)

const part = (x: Tensor, from: number, count: number): Tensor => slice(x, [0, from], [-1, count])
const beside = (a: Tensor, b: Tensor): Tensor => concat([a, b], 1)
const zeroColumn = (x: Tensor): Tensor => mul(part(x, 0, 1), 0)

/** What a logarithm of a probability stands for. */
const probability = (logs: Tensor): Tensor => exp(clipped(logs, mostNegative, 0))

export const stickBreakingBijector = (size: number): Bijector<Record<string, never>> => {
  const offsets = (): Tensor =>
    tensor2d(
      Float32Array.from({ length: size - 1 }, (_, k) => Math.log(size - 1 - k)),
      [1, size - 1],
    )
  return ontoSimplex(
    stickBreaking(),
    size,
    x => {
      const free = sub(x, offsets())
      const [logZ, logRest] = [neg(softplus(neg(free))), neg(softplus(free))]
      const rests = beside(zeroColumn(x), cumsum(logRest, 1))
      const y = probability(add(beside(logZ, zeroColumn(x)), rests))
      return { out: y, logDet: sumEvent(add(add(logZ, logRest), part(rests, 0, size - 1))) }
    },
    y => {
      // what is left before each break, added from the end: 1 - the sum of the others would lose the small ones
      const left = log(cumsum(y, 1, false, true))
      const [before, behind, logY] = [part(left, 0, size - 1), part(left, 1, size - 1), log(part(y, 0, size - 1))]
      return { out: add(sub(logY, behind), offsets()), logDet: neg(sumEvent(add(logY, sub(behind, before)))) }
    },
  )
}

export const centeredSoftmaxBijector = (size: number): Bijector<Record<string, never>> =>
  ontoSimplex(
    centeredSoftmax(),
    size,
    x => {
      const all = beside(x, zeroColumn(x))
      const logY = sub(all, logSumExp(all, 1, true))
      return { out: probability(logY), logDet: sum(logY, 1) }
    },
    y => {
      const logY = log(y)
      return { out: sub(part(logY, 0, size - 1), part(logY, size - 1, 1)), logDet: neg(sum(logY, 1)) }
    },
  )

export const stickBreakingEntry: BijectorEntry<StickBreakingSpec> = {
  tag: 'stickBreaking',
  build: (_, site) => stickBreakingBijector(constrainedLength('stickBreaking', site, 1)),
}
export const centeredSoftmaxEntry: BijectorEntry<CenteredSoftmaxSpec> = {
  tag: 'centeredSoftmax',
  build: (_, site) => centeredSoftmaxBijector(constrainedLength('centeredSoftmax', site, 1)),
}
