import { exp as tfExp, log as tfLog, neg } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { positive } from '../support.ts'
import { handle } from '../tensor.ts'
import { exponents, fixed } from './fixed.ts'
import { inverseOf } from './inverse-of.ts'
import type { InverseOfSpec } from './inverse-of.ts'

/** What `exp` returns. */
export type ExpSpec = TransformerSpec & { readonly _tag: 'exp' }

/**
 * y = e^x, onto the positive numbers; x is clipped to [-87, 88], lest y leave float32.
 *
 * @example elementwise(exp())
 */
export const exp = (): ExpSpec => ({ _tag: 'exp' })

/** y = log x of positive numbers: the inverse of `exp`. */
export const log = (): InverseOfSpec => inverseOf(exp())

export const expTransformer = (spec: ExpSpec): Transformer<Record<string, never>> =>
  fixed(spec, {
    range: positive,
    xLimits: exponents,
    forward: x => ({ y: tfExp(x), logDeriv: handle(x) }),
    inverse: y => {
      const x = tfLog(y)
      return { x, logDeriv: neg(x) }
    },
  })

export const expEntry: TransformerEntry<ExpSpec> = { tag: 'exp', build: expTransformer }
