import type { Distribution, Params } from '../contracts.ts'
import { checkContext, checkCount, checkEvent, checkStructure } from '../flows/check.ts'

/**
 * The distribution, refusing rows, contexts, counts and parameters that do not fit: tfjs would broadcast them.
 *
 * @throws RangeError or TypeError naming the function, what was expected and what came
 */
export const checked = <P extends Params>(distribution: Distribution<P>): Distribution<P> => {
  const { space, contextShape, trainable } = distribution
  const checkDraw = (name: string, params: P, n: number, context: Parameters<Distribution['sample']>[3]): void => {
    checkCount(name, n)
    checkStructure(name, trainable, params)
    checkContext(name, contextShape, context, n)
  }
  return {
    ...distribution,
    logProb: (params, x, context, key) => {
      checkEvent('logProb', x, space.shape)
      checkStructure('logProb', trainable, params)
      checkContext('logProb', contextShape, context, x.shape[0]!)
      return distribution.logProb(params, x, context, key)
    },
    sample: (params, key, n, context) => {
      checkDraw('sample', params, n, context)
      return distribution.sample(params, key, n, context)
    },
    sampleAndLogProb: (params, key, n, context) => {
      checkDraw('sampleAndLogProb', params, n, context)
      return distribution.sampleAndLogProb(params, key, n, context)
    },
  }
}
