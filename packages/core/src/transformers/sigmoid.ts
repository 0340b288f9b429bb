import { add, less, log, mul, neg, sigmoid as tfSigmoid, sub, where } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Site, TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { limitsOf } from '../support.ts'
import { showPath } from '../tree.ts'
import { fixed } from './fixed.ts'
import { inverseOf } from './inverse-of.ts'
import type { InverseOfSpec } from './inverse-of.ts'
import { softplus } from './scalar-functions.ts'

/** What `sigmoid` returns. */
export type SigmoidSpec = TransformerSpec & { readonly _tag: 'sigmoid'; readonly low: number; readonly high: number }

interface Ends {
  readonly low?: number
  readonly high?: number
}

/**
 * y = low + (high - low) / (1 + e^-x), onto the interval between the two.
 *
 * @example elementwise(sigmoid({ low: 0, high: 100 }))
 */
export const sigmoid = ({ low = 0, high = 1 }: Ends = {}): SigmoidSpec => ({ _tag: 'sigmoid', low, high })

/** y = log((x - low) / (high - x)) of numbers between low and high: the inverse of `sigmoid`. */
export const logit = (ends: Ends = {}): InverseOfSpec => inverseOf(sigmoid(ends))

/** The distribution function of the logistic distribution: `sigmoid` onto (0, 1). */
export const logisticCdf = (): SigmoidSpec => sigmoid()

/** Each end is approached from itself, so that the distance to it keeps its digits. */
export const sigmoidTransformer = (spec: SigmoidSpec): Transformer<Record<string, never>> => {
  const [low, high] = [Math.fround(spec.low), Math.fround(spec.high)]
  const width = high - low
  return fixed(spec, {
    range: { _tag: 'interval', low, high },
    forward: x => ({
      y: where(less(x, 0), add(low, mul(width, tfSigmoid(x))), sub(high, mul(width, tfSigmoid(neg(x))))),
      logDeriv: sub(Math.log(width), add(softplus(x), softplus(neg(x)))),
    }),
    inverse: y => {
      const [t, u] = [log(sub(y, low)), log(sub(high, y))]
      return { x: sub(t, u), logDeriv: sub(Math.log(width), add(t, u)) }
    },
  })
}

/** @throws RangeError naming the path when float32 has no number between the ends, or they are too far apart */
export const checkEnds = <S extends { readonly low: number; readonly high: number }>(spec: S, site: Site): S => {
  const [low, high] = [Math.fround(spec.low), Math.fround(spec.high)]
  const [above, below] = limitsOf({ _tag: 'interval', low, high })
  if (!(Number.isFinite(Math.fround(high - low)) && above < below))
    throw new RangeError(`build: expected finite low < high, got ${spec.low} and ${spec.high} at ${showPath(site.path)}`)
  return spec
}

export const sigmoidEntry: TransformerEntry<SigmoidSpec> = {
  tag: 'sigmoid',
  build: (spec, site) => sigmoidTransformer(checkEnds(spec, site)),
}
