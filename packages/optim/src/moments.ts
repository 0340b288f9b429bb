import type { Params } from '@diffeo/core'
import { add, div, mul, pow, scalar, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { leafwise } from './leafwise.ts'

/** The exponential moving average of the gradients: (1 - decay) g + decay m. */
export const firstMoment = (who: string, grads: Params, mu: Params, decay: number): Params => {
  const [fresh, kept] = [scalar(1 - decay), scalar(decay)]
  return leafwise(who, { grads, mu }, ({ grads: g, mu: m }) => add(mul(fresh, g), mul(kept, m)))
}

/** The exponential moving average of the squared gradients: (1 - decay) g^2 + decay v. */
export const secondMoment = (who: string, grads: Params, nu: Params, decay: number): Params => {
  const [fresh, kept] = [scalar(1 - decay), scalar(decay)]
  return leafwise(who, { grads, nu }, ({ grads: g, nu: v }) => add(mul(fresh, square(g)), mul(kept, v)))
}

/** m / (1 - decay^count): a moment that began at zero, made unbiased after `count` updates (Kingma & Ba 2015, section 3). */
export const biasCorrection = (who: string, moment: Params, decay: number, count: Tensor): Params => {
  const correction = sub(1, pow(decay, count))
  return leafwise(who, { moment }, ({ moment: m }) => div(m, correction))
}
