import { mul, neg, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Distribution, Params } from '../contracts.ts'
import type { FlowParams, Flow } from '../flows/flow.ts'
import type { Key } from '../random/key.ts'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import { showShape } from '../support.ts'
import { mean, tidy } from '../tensor.ts'

/** What a loss is computed on: rows, their context, and a weight for each row. */
export interface Batch {
  readonly x: Tensor
  readonly context?: Context
  readonly weights?: Tensor
}

/** A pure scalar function of parameters, a batch and a key: what `fit` minimizes. */
export type Loss<P extends Params = Params> = (params: P, batch: Batch, key: Key) => Tensor

/**
 * The mean negative log-likelihood of a batch, in nats; with weights the mean of w_i (-log p(x_i)), so that weights of mean 1
 * keep its size.
 *
 * @throws RangeError when there are no rows, or not one weight for each
 * @example fit loss: valueAndGrad(p => negativeLogLikelihood(f)(p, { x }, key))
 */
export const negativeLogLikelihood =
  <P extends Params>(distribution: Distribution<P>): Loss<P> =>
  (params, { x, context, weights }, key) =>
    tidy(() => {
      const rows = x.shape[0] ?? 0
      if (rows === 0) throw new RangeError('negativeLogLikelihood: expected at least one row, got none')
      if (weights !== undefined) refuseOther('negativeLogLikelihood', 'weights', weights, rows)
      const logProb = distribution.logProb(params, x, context, key)
      return neg(mean(weights === undefined ? logProb : mul(weights, logProb)))
    })

/** An unnormalized log-density of rows: [N, ...event] to [N]. */
export type LogDensity = (x: Tensor, context?: Context) => Tensor

/**
 * The reverse Kullback-Leibler divergence KL(q || p) up to p's normalizing constant, E_q[log q(x) - log p(x)], over samples
 * drawn through the flow (Rezende and Mohamed 2015, eq. 15).
 *
 * @param target             log p, unnormalized, differentiable
 * @param samples            number of draws for each step
 * @param stickingTheLanding leave out the score term of log q, whose mean is 0: at q = p the gradient is then exactly 0
 *                           (Roeder et al. 2017)
 * @see https://arxiv.org/abs/1505.05770
 * @see https://arxiv.org/abs/1703.09194
 */
export const reverseKL =
  (
    flow: Flow,
    target: LogDensity,
    { samples = 256, stickingTheLanding = false }: { readonly samples?: number; readonly stickingTheLanding?: boolean } = {},
  ): Loss<FlowParams> =>
  (params, { context }, key) =>
    tidy(() => {
      const against = (logProb: Tensor, x: Tensor): Tensor => {
        const logTarget = target(x, context)
        refuseOther('reverseKL', 'the target', logTarget, samples)
        return mean(sub(logProb, logTarget))
      }
      if (!stickingTheLanding) {
        const { x, logProb } = flow.sampleAndLogProb(params, key, samples, context)
        return against(logProb, x)
      }
      const x = flow.sample(params, key, samples, context)
      return against(flow.logProb(stopGradient(params), x, context), x)
    })

/** A column [N, 1] would broadcast against [N] to a matrix, and its mean be wrong in silence. */
const refuseOther = (name: string, what: string, x: Tensor, rows: number): void => {
  if (x.shape.join() !== String(rows)) throw new RangeError(`${name}: expected ${what} of shape [${rows}], got ${showShape(x.shape)}`)
}
