import { add, broadcastTo, broadcast_util, div, exp, isFinite, neg, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import type { Params, ScalarSupport, Transformer } from '../contracts.ts'
import { monotoneRoot } from '../control/monotone-root.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { tidy } from '../tensor.ts'

/** A transformer without its inverse. `domain` is that of single values. */
export interface OneWay<P extends Params> extends Omit<Transformer<P>, 'inverse' | 'isIterative' | 'forward'> {
  readonly domain: ScalarSupport
  /** Roots are found within a few roundings of |x| + scale; 1 unless given. */
  readonly scale?: number
  readonly value: (params: P, theta: Tensor, x: Tensor) => Sloped
  /** y less the value at x, where that can be told with less rounding than by a subtraction; x then gets a last step of Newton's by it. */
  readonly error?: (params: P, theta: Tensor, x: Tensor, y: Tensor) => Tensor
}

/** A transformer whose inverse is found by `monotoneRoot`. `value` is increasing, and works place by place. */
export const numericallyInverted = <P extends Params>({ value, error, scale = 1, ...rest }: OneWay<P>): Transformer<P> => {
  return {
    ...rest,
    isIterative: true,
    forward: (params, theta, x) => tidy(() => ({ ...value(params, theta, x) })),
    inverse: (params, theta, y) =>
      tidy(() => {
        const f = (x: Tensor, given: { readonly params: Params; readonly theta: Tensor }): Sloped =>
          value(given.params as P, given.theta, x)
        const target = spread(y, theta)
        const root = monotoneRoot(f, target, { params, theta }, { domain: rest.domain, scale })
        const x =
          error === undefined
            ? root
            : add(root, stopGradient(newtonStep(error(params, theta, root, target), exp(value(params, theta, root).logDeriv))))
        return { x, logDeriv: neg(value(params, theta, x).logDeriv) }
      }),
  }
}

/** Newton's step by what is left of an error; none where that is no number. */
export const newtonStep = (error: Tensor, slope: Tensor): Tensor => {
  const step = div(error, slope)
  return where(isFinite(step), step, zerosLike(step))
}

/** y with a place for every one of theta's. */
const spread = (y: Tensor, theta: Tensor): Tensor => {
  const shape = broadcast_util.assertAndGetBroadcastShape(y.shape, theta.shape.slice(0, -1))
  return shape.join() === y.shape.join() ? y : broadcastTo(y, shape)
}
