import { add, div, exp, log, mul, neg, ones, sqrt, square, sub, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Shape } from '../contracts.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { handle, meanOfRows, sumEvent, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'

/** What `batchNorm` returns. */
export type BatchNormSpec = BijectorSpec & { readonly _tag: 'batchNorm'; readonly momentum: number }

/**
 * Batch normalization (RealNVP, Dinh et al. 2017, section 3.7; MAF, Papamakarios et al. 2017, eq. 19): in the direction from data to base
 *
 *   x = exp(logScale) (y - mean) / deviation + shift
 *
 * with logScale and shift trained, mean and deviation running averages over the batches of a fit, as in RealNVP; no gradient passes through them. A
 * density is thus the same in training and after it, and is one at every moment. Starts as the identity.
 *
 * @param momentum the weight of a new batch in the averages
 * @see https://arxiv.org/abs/1605.08803
 */
export const batchNorm = ({ momentum = 0.1 }: { readonly momentum?: number } = {}): BatchNormSpec => ({ _tag: 'batchNorm', momentum })

/** All of the event's shape. `mean` and `logDeviation` are not trained: batches move them. */
export type BatchNormParams = {
  readonly mean: Tensor
  readonly logDeviation: Tensor
  readonly logScale: Tensor
  readonly shift: Tensor
}

/** Added to variances. */
const epsilon = 1e-5

/** Batch normalization of events of a shape. */
export const batchNormBijector = (shape: Shape, momentum: number): Bijector<BatchNormParams> => {
  const logDet = ({ logDeviation, logScale }: BatchNormParams, x: Tensor): Tensor =>
    add(mul(sum(sub(logDeviation, logScale)), ones([x.shape[0]!])), sumEvent(zeroUnlessNaN(x)))
  const moved = (params: BatchNormParams, side: 'base' | 'data', batch: Tensor, weight: number): BatchNormParams => {
    if (batch.size === 0) throw new RangeError('batchNorm: expected at least one row to adapt to, got none')
    const target = side === 'data' ? fromData(batch) : fromBase(params, batch)
    const towards = (from: Tensor, to: Tensor): Tensor => (weight === 1 ? handle(to) : add(mul(1 - weight, from), mul(weight, to)))
    return {
      mean: towards(params.mean, target.mean),
      logDeviation: towards(params.logDeviation, target.logDeviation),
      logScale: handle(params.logScale),
      shift: handle(params.shift),
    }
  }
  return {
    spec: batchNorm({ momentum }),
    contextShape: undefined,
    base: realSpace(shape),
    data: realSpace(shape),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: { mean: false, logDeviation: false, logScale: true, shift: true },
    init: () => ({ mean: zeros([...shape]), logDeviation: zeros([...shape]), logScale: zeros([...shape]), shift: zeros([...shape]) }),
    forward: (params, x) =>
      tidy(() => {
        const { mean, logDeviation, logScale, shift } = params
        return { y: add(mul(sub(x, shift), exp(sub(logDeviation, logScale))), mean), logDet: logDet(params, x) }
      }),
    inverse: (params, y) =>
      tidy(() => {
        const { mean, logDeviation, logScale, shift } = params
        return { x: add(mul(sub(y, mean), exp(sub(logScale, logDeviation))), shift), logDet: neg(logDet(params, y)) }
      }),
    adapt: (params, side, batch) => tidy(() => moved(params, side, batch, 1)),
    follow: (params, side, batch) => tidy(() => moved(params, side, batch, momentum)),
  }
}

type Statistics = Pick<BatchNormParams, 'mean' | 'logDeviation'>

const statisticsOf = (batch: Tensor): { readonly center: Tensor; readonly logSpread: Tensor } => {
  const center = meanOfRows(batch)
  return { center, logSpread: log(sqrt(add(meanOfRows(square(sub(batch, center))), epsilon))) }
}

const fromData = (batch: Tensor): Statistics => {
  const { center, logSpread } = statisticsOf(batch)
  return { mean: center, logDeviation: logSpread }
}

/** The statistics with which rows of the base become data of mean 0 and variance 1. */
const fromBase = ({ logScale, shift }: BatchNormParams, batch: Tensor): Statistics => {
  const { center, logSpread } = statisticsOf(batch)
  return { mean: div(sub(shift, center), exp(logSpread)), logDeviation: sub(logScale, logSpread) }
}

export const batchNormEntry: BijectorEntry<BatchNormSpec> = {
  tag: 'batchNorm',
  build: (spec, site) => {
    if (!(spec.momentum > 0 && spec.momentum <= 1))
      throw new RangeError(`build: expected a momentum in (0, 1], got ${spec.momentum} at ${showPath([...site.path, 'momentum'])}`)
    return batchNormBijector(site.shape, spec.momentum)
  },
}
