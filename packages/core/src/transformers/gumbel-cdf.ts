import { add, exp, log, neg } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { fixed } from './fixed.ts'

/** What `gumbelCdf` returns. */
export type GumbelCdfSpec = TransformerSpec & { readonly _tag: 'gumbelCdf' }

/** y = exp(-e^-x), the distribution function of the Gumbel distribution, onto (0, 1); x is clipped to [-4.46, 16.6]. */
export const gumbelCdf = (): GumbelCdfSpec => ({ _tag: 'gumbelCdf' })

export const gumbelCdfTransformer = (spec: GumbelCdfSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: { _tag: 'interval', low: 0, high: 1 },
    xLimits: [-4.46, 16.6],
    forward: x => {
      const e = exp(neg(x))
      return { y: exp(neg(e)), logDeriv: neg(add(x, e)) }
    },
    inverse: y => {
      const e = neg(log(y))
      const x = neg(log(e))
      return { x, logDeriv: add(x, e) }
    },
  })

export const gumbelCdfEntry: TransformerEntry<GumbelCdfSpec> = { tag: 'gumbelCdf', build: gumbelCdfTransformer }
