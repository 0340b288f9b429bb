import { neg, sinh as tfSinh } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { fixed } from './fixed.ts'
import { asinh, logCosh, logHypot } from './scalar-functions.ts'

/** What `sinh` returns. */
export type SinhSpec = TransformerSpec & { readonly _tag: 'sinh' }

/** y = sinh x; x is clipped to [-88, 88], lest y leave float32. */
export const sinh = (): SinhSpec => ({ _tag: 'sinh' })

export const sinhTransformer = (spec: SinhSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    xLimits: [-88, 88],
    forward: x => ({ y: tfSinh(x), logDeriv: logCosh(x) }),
    inverse: y => ({ x: asinh(y), logDeriv: neg(logHypot(y)) }),
  })

export const sinhEntry: TransformerEntry<SinhSpec> = { tag: 'sinh', build: sinhTransformer }
