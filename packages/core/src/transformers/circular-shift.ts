import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { circle } from '../support.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { turned, turnedBack } from './angles.ts'
import { column } from './theta.ts'

/** What `circularShift` returns. */
export type CircularShiftSpec = TransformerSpec & { readonly _tag: 'circularShift' }

/**
 * y = x + theta on the circle: angles in radians, [-pi, pi).
 *
 * @example elementwise(circularShift())
 */
export const circularShift = (): CircularShiftSpec => ({ _tag: 'circularShift' })

/** theta [N, ...event, 1]: the angle. */
export const circularShiftTransformer = (spec: CircularShiftSpec): Transformer<Record<string, never>> => ({
  spec,
  size: 1,
  domain: circle,
  range: circle,
  trainable: {},
  init: () => ({}),
  forward: (_, theta, x) =>
    tidy(() => {
      const y = turned(x, column(theta, 0))
      return { y, logDeriv: zeroUnlessNaN(y) }
    }),
  inverse: (_, theta, y) =>
    tidy(() => {
      const x = turnedBack(y, column(theta, 0))
      return { x, logDeriv: zeroUnlessNaN(x) }
    }),
})

export const circularShiftEntry: TransformerEntry<CircularShiftSpec> = { tag: 'circularShift', build: circularShiftTransformer }
