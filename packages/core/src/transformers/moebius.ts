import { add, atan2, div, log, mul, neg, sqrt, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { circle } from '../support.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { onCircle, turned, turnedBack, wrapped } from './angles.ts'
import { column } from './theta.ts'

/** What `moebius` returns. */
export type MoebiusSpec = TransformerSpec & { readonly _tag: 'moebius' }

/**
 * A Moebius map of the circle, turned (Rezende et al. 2020, section 2.1.1): with z = (cos x, sin x) and w inside of the circle,
 *
 *   h(z) = (1 - |w|^2) / |z - w|^2 (z - w) - w,   dh/dx = (1 - |w|^2) / |z - w|^2,   h^-1 is h of -w
 *
 * theta [N, ...event, 3]: w, its length within 0.95, and the angle of the turn; zeros give the identity.
 *
 * @example coupling(periodic(mlp()), moebius())
 * @see https://arxiv.org/abs/2002.02428
 */
export const moebius = (): MoebiusSpec => ({ _tag: 'moebius' })

/** |w|: so close to the circle the slope is 39 at the one side and 1 / 39 at the other. */
const longest = 0.95

/** h of an angle and log dh/dx. */
const mapped = (w: readonly [Tensor, Tensor], x: Tensor): { readonly angle: Tensor; readonly logDeriv: Tensor } => {
  const z = onCircle(x)
  const [dx, dy] = [sub(z[0], w[0]), sub(z[1], w[1])]
  const slope = div(sub(1, add(square(w[0]), square(w[1]))), add(square(dx), square(dy)))
  return { angle: atan2(sub(mul(slope, dy), w[1]), sub(mul(slope, dx), w[0])), logDeriv: log(slope) }
}

/** u longest / sqrt(1 + |u|^2): any point of the plane to one inside of the circle. */
const insideOf = (theta: Tensor): readonly [Tensor, Tensor] => {
  const [u, v] = [column(theta, 0), column(theta, 1)]
  const factor = div(longest, sqrt(add(1, add(square(u), square(v)))))
  return [mul(factor, u), mul(factor, v)]
}

export const moebiusTransformer = (spec: MoebiusSpec): Transformer<Record<string, never>> => ({
  spec,
  size: 3,
  domain: circle,
  range: circle,
  trainable: {},
  init: () => ({}),
  forward: (_, theta, x) =>
    tidy(() => {
      const { angle, logDeriv } = mapped(insideOf(theta), x)
      const y = turned(angle, column(theta, 2))
      return { y, logDeriv: add(logDeriv, zeroUnlessNaN(y)) }
    }),
  inverse: (_, theta, y) =>
    tidy(() => {
      const [u, v] = insideOf(theta)
      const { angle, logDeriv } = mapped([neg(u), neg(v)], turnedBack(y, column(theta, 2)))
      return { x: wrapped(angle), logDeriv }
    }),
})

export const moebiusEntry: TransformerEntry<MoebiusSpec> = { tag: 'moebius', build: moebiusTransformer }
