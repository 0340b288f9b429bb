import { abs, add, div, exp, fill, greater, less, log, mul, sqrt, square, sub, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { softclip } from './scale-map.ts'
import { column } from './theta.ts'

/** What `heavyTails` returns. */
export type HeavyTailsSpec = TransformerSpec & { readonly _tag: 'heavyTails' }

/**
 * Learned tails: y = x exp(h x^2 / 2), with one h >= 0 above 0 and one below (Tukey's h; Lambert W x Gaussian, Goerg 2015, eq. 9). Of normal numbers it makes ones
 * whose tails fall like y^(-1 / h); the last layer of a flow, after which no spline has to reach for outliers. Inverted numerically: the inverse is
 * sign(y) sqrt(W(h y^2) / h).
 *
 * theta [N, ...event, 2]: h below and above, unconstrained; h <= 2. At zeros h = 0.005, which is the identity within 2.5 % on [-3, 3].
 *
 * @example chain(autoregressive(made(), rationalQuadratic()), elementwise(heavyTails()))
 * @see https://arxiv.org/abs/1010.2265
 */
export const heavyTails = (): HeavyTailsSpec => ({ _tag: 'heavyTails' })

/** h: about theta where it is positive, small where it is not. */
const indexOf = (theta: Tensor): Tensor => {
  const t = softclip(theta, 2)
  return mul(0.5, add(t, sqrt(add(square(t), 1e-4))))
}

/** exp of more is too much for float32: beyond it the exponent e goes on as most + log(1 + e - most). */
const most = 40
/** Beyond this |x| the exponent stays what it is there, lest x^2 overflow: y goes on as a multiple of x. */
const far = 1e4

const heavyAt = (theta: Tensor, x: Tensor): Sloped => {
  const h = where(greater(x, 0), indexOf(add(column(theta, 1), zerosLike(x))), indexOf(add(column(theta, 0), zerosLike(x))))
  const near = less(abs(x), far)
  const e = mul(mul(0.5, h), square(where(near, x, fill(x.shape, far))))
  const isOver = greater(e, most)
  const over = where(isOver, sub(e, most), zerosLike(e))
  const exponent = add(where(isOver, fill(e.shape, most), e), log(add(1, over)))
  return { y: mul(x, exp(exponent)), logDeriv: add(exponent, where(near, log(add(1, div(mul(2, e), add(1, over)))), zeroUnlessNaN(x))) }
}

export const heavyTailsTransformer = (spec: HeavyTailsSpec): Transformer<Record<string, never>> =>
  numericallyInverted({
    spec,
    size: 2,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) => heavyAt(theta, x),
  })

export const heavyTailsEntry: TransformerEntry<HeavyTailsSpec> = { tag: 'heavyTails', build: heavyTailsTransformer }
