import { add, mul, neg } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { fixed } from './fixed.ts'
import { cauchyCdfOf, cauchyQuantile, logHypot } from './scalar-functions.ts'

/** What `cauchyCdf` returns. */
export type CauchyCdfSpec = TransformerSpec & { readonly _tag: 'cauchyCdf' }

/** y = 1/2 + atan(x) / pi, the distribution function of the Cauchy distribution, onto (0, 1); x is clipped to +-3e17. */
export const cauchyCdf = (): CauchyCdfSpec => ({ _tag: 'cauchyCdf' })

const logDensity = (x: Tensor): Tensor => neg(add(Math.log(Math.PI), mul(2, logHypot(x))))

export const cauchyCdfTransformer = (spec: CauchyCdfSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: { _tag: 'interval', low: 0, high: 1 },
    xLimits: [-3e17, 3e17],
    yLimits: [1e-18, 1 - 2 ** -24],
    forward: x => ({ y: cauchyCdfOf(x), logDeriv: logDensity(x) }),
    inverse: y => {
      const x = cauchyQuantile(y)
      return { x, logDeriv: neg(logDensity(x)) }
    },
  })

export const cauchyCdfEntry: TransformerEntry<CauchyCdfSpec> = { tag: 'cauchyCdf', build: cauchyCdfTransformer }
