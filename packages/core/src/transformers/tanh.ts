import { mul, neg, tanh as tfTanh } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { fixed } from './fixed.ts'
import { atanh, logCosh, logOneMinusSquare } from './scalar-functions.ts'

/** What `tanh` returns. */
export type TanhSpec = TransformerSpec & { readonly _tag: 'tanh' }

/** y = tanh x, onto (-1, 1). */
export const tanh = (): TanhSpec => ({ _tag: 'tanh' })

export const tanhTransformer = (spec: TanhSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: { _tag: 'interval', low: -1, high: 1 },
    xLimits: [-1e37, 1e37],
    forward: x => ({ y: tfTanh(x), logDeriv: mul(-2, logCosh(x)) }),
    inverse: y => ({ x: atanh(y), logDeriv: neg(logOneMinusSquare(y)) }),
  })

export const tanhEntry: TransformerEntry<TanhSpec> = { tag: 'tanh', build: tanhTransformer }
