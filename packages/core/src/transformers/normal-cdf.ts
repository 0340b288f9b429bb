import { add, mul, neg, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { normalQuantile, normalTails } from '../special/normal-tails.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { fixed } from './fixed.ts'

/** What `normalCdf` returns. */
export type NormalCdfSpec = TransformerSpec & { readonly _tag: 'normalCdf' }

/** y = Phi(x), the distribution function of the standard normal, onto (0, 1). */
export const normalCdf = (): NormalCdfSpec => ({ _tag: 'normalCdf' })

const logDensity = (x: Tensor): Tensor => sub(mul(-0.5, square(x)), 0.5 * Math.log(2 * Math.PI))

export const normalCdfTransformer = (spec: NormalCdfSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: { _tag: 'interval', low: 0, high: 1 },
    xLimits: [-1e18, 1e18],
    forward: x => ({ y: normalTails(x).lower, logDeriv: logDensity(x) }),
    inverse: y => {
      const x = add(normalQuantile({ lower: y, upper: sub(1, y) }), zeroUnlessNaN(y))
      return { x, logDeriv: neg(logDensity(x)) }
    },
  })

export const normalCdfEntry: TransformerEntry<NormalCdfSpec> = { tag: 'normalCdf', build: normalCdfTransformer }
