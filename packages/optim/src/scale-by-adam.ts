import { defineOp, isTracing, tidy, unflatten } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add, div, mul, pow, scalar, sqrt, square, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientTransformation } from './contracts.ts'
import { expectDecay, expectNonNegative } from './expect-option.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { biasCorrection, firstMoment, secondMoment } from './moments.ts'

/** `count`: the number of updates so far; `mu`, `nu`: the first and second moment, uncorrected. */
export type ScaleByAdamState = { readonly count: Tensor; readonly mu: Params; readonly nu: Params }

/**
 * Options of `adam` and `scaleByAdam`.
 *
 * @param epsRoot  inside the square root; above 0 where one differentiates through the optimizer
 */
export interface AdamOptions {
  readonly b1?: number
  readonly b2?: number
  readonly eps?: number
  readonly epsRoot?: number
  readonly nesterov?: boolean
}

/**
 * Adam's direction (Kingma & Ba 2015, algorithm 1; with `nesterov` Dozat 2016, in optax's form).
 *
 *   mu = (1 - b1) g + b1 mu        nu = (1 - b2) g^2 + b2 nu
 *   mu^ / (sqrt(nu^ + epsRoot) + eps),   mu^ = mu / (1 - b1^t),  nu^ = nu / (1 - b2^t)
 *   nesterov: mu^ = b1 mu / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)
 *
 * @throws RangeError when b1 or b2 is outside [0, 1), or eps or epsRoot negative
 * @see https://arxiv.org/abs/1412.6980
 */
export const scaleByAdam = ({
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  epsRoot = 0,
  nesterov = false,
}: AdamOptions = {}): GradientTransformation<ScaleByAdamState> => {
  const who = 'scaleByAdam'
  expectDecay(who, 'b1', b1)
  expectDecay(who, 'b2', b2)
  expectNonNegative(who, 'eps', eps)
  expectNonNegative(who, 'epsRoot', epsRoot)
  return {
    init: params => tidy(() => ({ count: scalar(0), mu: zerosLike(who, params), nu: zerosLike(who, params) })),
    update: (grads, state) =>
      tidy(() => {
        const count = add(state.count, 1)
        if (isTracing() && !nesterov) return tracedUpdate(who, grads, { ...state, count }, { b1, b2, eps, epsRoot })
        const mu = firstMoment(who, grads, state.mu, b1)
        const nu = secondMoment(who, grads, state.nu, b2)
        const muHat = nesterov ? lookahead(who, grads, mu, b1, count) : biasCorrection(who, mu, b1, count)
        const nuHat = biasCorrection(who, nu, b2, count)
        return { updates: overRoot(who, muHat, nuHat, eps, epsRoot), state: { count, mu, nu } }
      }),
  }
}

type Rates = { readonly b1: number; readonly b2: number; readonly eps: number; readonly epsRoot: number }

/** One leaf: gradient, mu, nu, 1 - b1^t and 1 - b2^t to the direction and both moments. A compiler sees one op of elementwise functions. */
const adamLeaf = defineOp<Rates>({
  name: 'adam',
  composite: ([grads, mu, nu, correction1, correction2], { b1, b2, eps, epsRoot }) => {
    const m = add(mul(scalar(1 - b1), grads!), mul(scalar(b1), mu!))
    const v = add(mul(scalar(1 - b2), square(grads!)), mul(scalar(b2), nu!))
    const [muHat, nuHat] = [div(m, correction1!), div(v, correction2!)]
    return [div(muHat, add(sqrt(epsRoot === 0 ? nuHat : add(nuHat, epsRoot)), eps)), m, v]
  },
})

/** The same update in a program: one node for each leaf. */
const tracedUpdate = (
  who: string,
  grads: Params,
  state: ScaleByAdamState,
  rates: Rates,
): { readonly updates: Params; readonly state: ScaleByAdamState } => {
  const { count } = state
  const corrections = [rates.b1, rates.b2].map(decay => sub(1, pow(decay, count)))
  const [mus, nus]: [Tensor[], Tensor[]] = [[], []]
  const updates = leafwise(who, { grads, mu: state.mu, nu: state.nu }, ({ grads: g, mu, nu }) => {
    const [direction, m, v] = adamLeaf([g, mu, nu, ...corrections], rates)
    mus.push(m!)
    nus.push(v!)
    return direction!
  })
  return { updates, state: { count, mu: unflatten(grads, mus), nu: unflatten(grads, nus) } }
}

/** mu / (sqrt(nu + epsRoot) + eps). */
export const overRoot = (who: string, mu: Params, nu: Params, eps: number, epsRoot: number): Params => {
  const [outside, inside] = [scalar(eps), scalar(epsRoot)]
  return leafwise(who, { mu, nu }, ({ mu: m, nu: v }) => div(m, add(sqrt(epsRoot === 0 ? v : add(v, inside)), outside)))
}

const lookahead = (who: string, grads: Params, mu: Params, b1: number, count: Tensor): Params => {
  const muNext = biasCorrection(who, mu, b1, add(count, 1))
  const gradsHat = biasCorrection(who, grads, b1, count)
  return leafwise(who, { muNext, gradsHat }, ({ muNext: m, gradsHat: g }) => add(mul(b1, m), mul(1 - b1, g)))
}
