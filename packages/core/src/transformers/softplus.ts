import { add, exp, expm1, log, neg } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { positive } from '../support.ts'
import { fixed } from './fixed.ts'
import { scalarOp, softplus as accurateSoftplus } from './scalar-functions.ts'

/** What `softplus` returns. */
export type SoftplusSpec = TransformerSpec & { readonly _tag: 'softplus' }

/** y = log(1 + e^x), onto the positive numbers: e^x far below 0, x far above. */
export const softplus = (): SoftplusSpec => ({ _tag: 'softplus' })

/** log(1 - e^-y) for y > 0: the logarithm of the slope of softplus where its value is y. */
export const logOneMinusExp = (y: Tensor): Tensor => log(neg(expm1(neg(y))))

/** y + log(1 - e^-y). */
export const softplusInverse: (y: Tensor) => Tensor = scalarOp(
  'softplusInverse',
  y => add(y, logOneMinusExp(y)),
  y => exp(neg(logOneMinusExp(y))),
)

export const softplusTransformer = (spec: SoftplusSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: positive,
    xLimits: [-87, Infinity],
    forward: x => ({ y: accurateSoftplus(x), logDeriv: neg(accurateSoftplus(neg(x))) }),
    inverse: y => ({ x: softplusInverse(y), logDeriv: neg(logOneMinusExp(y)) }),
  })

export const softplusEntry: TransformerEntry<SoftplusSpec> = { tag: 'softplus', build: softplusTransformer }
