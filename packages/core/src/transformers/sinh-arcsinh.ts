import { add, div, exp, mul, sinh, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { asinh, clipped, logCosh, logHypot } from './scalar-functions.ts'
import { softclip } from './scale-map.ts'
import { column } from './theta.ts'

/** What `sinhArcsinh` returns. */
export type SinhArcsinhSpec = TransformerSpec & { readonly _tag: 'sinhArcsinh' }

/**
 * y = sinh(delta (asinh x + epsilon)): skewness epsilon, tails heavier for delta > 1 and lighter below (Jones and Pewsey 2009; TFP's
 * `SinhArcsinh`).
 *
 * theta [N, ...event, 2]: epsilon, within 4, and log delta, within log 4, both softclipped; zeros give the identity.
 *
 * @example elementwise(sinhArcsinh())
 * @see https://doi.org/10.1093/biomet/asp053
 */
export const sinhArcsinh = (): SinhArcsinhSpec => ({ _tag: 'sinhArcsinh' })

const mostSkewness = 4
const mostLogTailweight = Math.log(4)

/** sinh of anything beyond leaves float32. */
const most = 88

interface Shape {
  readonly skewness: Tensor
  readonly logTailweight: Tensor
}

const shapeOf = (theta: Tensor): Shape => ({
  skewness: softclip(column(theta, 0), mostSkewness),
  logTailweight: softclip(column(theta, 1), mostLogTailweight),
})

export const sinhArcsinhTransformer = (spec: SinhArcsinhSpec): Transformer<Record<string, never>> => ({
  spec,
  size: 2,
  domain: real,
  range: real,
  trainable: {},
  init: () => ({}),
  forward: (_, theta, x) =>
    tidy(() => {
      const { skewness, logTailweight } = shapeOf(theta)
      const u = clipped(mul(exp(logTailweight), add(asinh(x), skewness)), -most, most)
      return { y: sinh(u), logDeriv: add(add(logTailweight, sub(logCosh(u), logHypot(x))), zeroUnlessNaN(u)) }
    }),
  inverse: (_, theta, y) =>
    tidy(() => {
      const { skewness, logTailweight } = shapeOf(theta)
      const v = clipped(sub(div(asinh(y), exp(logTailweight)), skewness), -most, most)
      return { x: sinh(v), logDeriv: add(sub(sub(logCosh(v), logHypot(y)), logTailweight), zeroUnlessNaN(v)) }
    }),
})

export const sinhArcsinhEntry: TransformerEntry<SinhArcsinhSpec> = { tag: 'sinhArcsinh', build: sinhArcsinhTransformer }
