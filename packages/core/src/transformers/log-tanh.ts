import { abs, add, div, exp, lessEqual, log, maximum, mul, neg, sub, tanh as tfTanh, where } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { fixed } from './fixed.ts'
import { checkTanhBound } from './leaky-tanh.ts'
import { atanh, clipped, logCosh, logOneMinusSquare, withSign } from './scalar-functions.ts'

/** What `logTanh` returns. */
export type LogTanhSpec = TransformerSpec & { readonly _tag: 'logTanh'; readonly cut: number }

/**
 * y = tanh x on [-cut, cut], sign(x) (tanh cut + alpha log(|x| / cut)) outside (nflows' `LogTanh`): tails that grow as a logarithm.
 *
 * alpha = cut sech^2 cut, with which the slope is continuous; nflows' (1 - tanh tanh cut) / cut leaves a step there.
 *
 * @param cut where the logarithm begins, at most 8
 */
export const logTanh = ({ cut = 1 }: { readonly cut?: number } = {}): LogTanhSpec => ({ _tag: 'logTanh', cut })

export const logTanhTransformer = (spec: LogTanhSpec): Transformer<Record<string, never>> => {
  const cut = Math.fround(spec.cut)
  const edge = Math.fround(Math.tanh(cut))
  const alpha = cut / Math.cosh(cut) ** 2
  const furthest = edge + alpha * Math.log(1e37 / cut)
  return fixed(spec, {
    xLimits: [-1e37, 1e37],
    yLimits: [-furthest, furthest],
    forward: x => {
      const inside = lessEqual(abs(x), cut)
      const near = clipped(x, -cut, cut)
      const far = log(div(maximum(abs(x), cut), cut))
      return {
        y: where(inside, tfTanh(near), withSign(x, add(edge, mul(alpha, far)))),
        logDeriv: where(inside, mul(-2, logCosh(near)), sub(Math.log(alpha / cut), far)),
      }
    },
    inverse: y => {
      const inside = lessEqual(abs(y), edge)
      const near = clipped(y, -edge, edge)
      const far = div(sub(maximum(abs(y), edge), edge), alpha)
      return {
        x: where(inside, atanh(near), withSign(y, mul(cut, exp(far)))),
        logDeriv: where(inside, neg(logOneMinusSquare(near)), add(Math.log(cut / alpha), far)),
      }
    },
  })
}

export const logTanhEntry: TransformerEntry<LogTanhSpec> = {
  tag: 'logTanh',
  build: (spec, site) => {
    checkTanhBound(spec.cut, [...site.path, 'cut'])
    return logTanhTransformer(spec)
  },
}
