import { add, div, less, mul, neg, sub, tanh as tfTanh, where } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { fixed } from './fixed.ts'
import { atanh, clipped, logCosh, logOneMinusSquare, withSign } from './scalar-functions.ts'

/** What `leakyTanh` returns. */
export type LeakyTanhSpec = TransformerSpec & { readonly _tag: 'leakyTanh'; readonly bound: number }

/**
 * y = tanh x on [-bound, bound], its tangents outside (FlowJAX's `LeakyTanh`): it squeezes the tails, and stays invertible in float32.
 *
 * @param bound where the tangents begin, at most 8
 */
export const leakyTanh = ({ bound = 3 }: { readonly bound?: number } = {}): LeakyTanhSpec => ({ _tag: 'leakyTanh', bound })

export const leakyTanhTransformer = (spec: LeakyTanhSpec): Transformer<Record<string, never>> => {
  const bound = Math.fround(spec.bound)
  const edge = Math.fround(Math.tanh(bound))
  const slope = 1 / Math.cosh(bound) ** 2
  const reach = 1e37
  return fixed(spec, {
    xLimits: [-reach, reach],
    yLimits: [-reach * slope, reach * slope],
    forward: x => {
      const inside = clipped(x, -bound, bound)
      return { y: add(tfTanh(inside), mul(slope, sub(x, inside))), logDeriv: mul(-2, logCosh(inside)) }
    },
    inverse: y => {
      const inside = clipped(y, -edge, edge)
      // on the tangents not from the rounded edge, where 1 - y^2 has lost digits
      const tangent = add(-Math.log(slope), zeroUnlessNaN(y))
      const logDeriv = where(less(withSign(y, y), edge), neg(logOneMinusSquare(inside)), tangent)
      return { x: add(atanh(inside), div(sub(y, inside), slope)), logDeriv }
    },
  })
}

/** @throws RangeError naming the path when a bound is not in (0, 8] */
export const checkTanhBound = (bound: number, path: ReadonlyArray<string | number>): void => {
  if (!(bound > 0 && bound <= 8)) throw new RangeError(`build: expected a number > 0 and <= 8, got ${bound} at ${showPath(path)}`)
}

export const leakyTanhEntry: TransformerEntry<LeakyTanhSpec> = {
  tag: 'leakyTanh',
  build: (spec, site) => {
    checkTanhBound(spec.bound, [...site.path, 'bound'])
    return leakyTanhTransformer(spec)
  },
}
