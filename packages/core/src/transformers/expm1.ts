import { expm1 as tfExpm1, neg } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { handle } from '../tensor.ts'
import { fixed } from './fixed.ts'
import { inverseOf } from './inverse-of.ts'
import type { InverseOfSpec } from './inverse-of.ts'
import { log1p as accurateLog1p } from './scalar-functions.ts'

/** What `expm1` returns. */
export type Expm1Spec = TransformerSpec & { readonly _tag: 'expm1' }

/** y = e^x - 1, onto the numbers above -1; x is clipped to [-16, 88]. */
export const expm1 = (): Expm1Spec => ({ _tag: 'expm1' })

/** y = log(1 + x) of numbers above -1, counts and amounts among them: the inverse of `expm1`. */
export const log1p = (): InverseOfSpec => inverseOf(expm1())

export const expm1Transformer = (spec: Expm1Spec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: { _tag: 'interval', low: -1, high: Infinity },
    xLimits: [-16, 88],
    forward: x => ({ y: tfExpm1(x), logDeriv: handle(x) }),
    inverse: y => {
      const x = accurateLog1p(y)
      return { x, logDeriv: neg(x) }
    },
  })

export const expm1Entry: TransformerEntry<Expm1Spec> = { tag: 'expm1', build: expm1Transformer }
