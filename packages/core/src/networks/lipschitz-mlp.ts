import { abs, add, div, exp, log, matMul, max, maximum, mul, reshape, sqrt, square, sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import type { Network } from '../contracts.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { activate, checkActivation } from './activation.ts'
import { firstLinear, linear } from './linear.ts'
import { mlp, mlpNetwork } from './mlp.ts'
import type { MlpParams } from './mlp.ts'
import { checkHidden } from './sizes.ts'

/** What `lipschitzMlp` returns. */
export type LipschitzMlpSpec = NetworkSpec & {
  readonly _tag: 'lipschitzMlp'
  readonly hidden: ReadonlyArray<number>
  readonly activation: Activation
  readonly constant: number
}

/**
 * A multilayer perceptron f with |f(x) - f(y)| <= constant |x - y| in the Euclidean norm, for every value of its parameters: each weight matrix is
 * divided by max(1, s / c), s a bound of its largest singular value (Gouk et al. 2021; the networks of residual flows, Behrmann et al. 2019).
 *
 * s is computed from the matrix alone by Gram iteration (Delattre et al. 2023), s^{2^(t+1)} <= |(W'W)^{2^t}|_F with t = 6: from above, at most 5 % too large
 * for widths up to 500. Power iteration, the usual way, comes from below, so that the bound does not hold while it converges, and carries a vector from
 * step to step; this is a pure function of the parameters, and gradients go through it. A context may move the result by any amount.
 *
 * @param constant   of the whole network, > 0; each of its n layers gets constant^{1/n}
 * @param activation its slope may not pass 1: silu, whose slope reaches 1.1, is divided by that
 * @example lipschitzMlp({ hidden: [64, 64], constant: 0.9 })
 * @see https://arxiv.org/abs/1811.00995
 * @see https://arxiv.org/abs/2305.16173
 */
export const lipschitzMlp = ({
  hidden = [64, 64],
  activation = 'elu',
  constant = 0.97,
}: { readonly hidden?: ReadonlyArray<number>; readonly activation?: Activation; readonly constant?: number } = {}): LipschitzMlpSpec => ({
  _tag: 'lipschitzMlp',
  hidden,
  activation,
  constant,
})

const steps = 6

/** A bound of the largest singular value of a matrix: its Gram matrix squared again and again, kept at length 1. */
export const spectralBound = (w: Tensor): Tensor => {
  const [rows, columns] = w.shape as [number, number]
  // a bound of the matrix over a number is the bound over that number: its gradient is as if the number were constant
  const size = stopGradient(add(max(abs(w)), 1e-30))
  const scaled = div(w, size)
  const gram = rows < columns ? matMul(scaled, scaled, false, true) : matMul(scaled, scaled, true, false)
  const start: { readonly g: Tensor; readonly logNorm: Tensor } = { g: gram, logNorm: mul(0, sum(gram)) }
  const { g, logNorm } = Array.from({ length: steps }).reduce<typeof start>(({ g, logNorm }) => {
    const length = norm(g)
    const unit = div(g, length)
    return { g: matMul(unit, unit), logNorm: mul(2, add(logNorm, log(length))) }
  }, start)
  return mul(size, exp(mul(add(logNorm, log(norm(g))), 2 ** -(steps + 1))))
}

/** The Frobenius norm, positive for a matrix of zeros too. */
const norm = (x: Tensor): Tensor => sqrt(add(sum(square(x)), 1e-30))

/** [N, ...input] (and a context) to [N, ...output]. */
export const lipschitzMlpNetwork = (spec: LipschitzMlpSpec, site: NetworkSite): Network<MlpParams> => {
  const plain = mlpNetwork(mlp(spec), site)
  const each = spec.constant ** (1 / (spec.hidden.length + 1))
  const bounded = <L extends { readonly w: Tensor }>(layer: L): L => ({
    ...layer,
    w: div(layer.w, maximum(1, div(spectralBound(layer.w), each))),
  })
  const act = (h: Tensor): Tensor => (spec.activation === 'silu' ? div(activate('silu', h), 1.1) : activate(spec.activation, h))
  return {
    ...plain,
    spec,
    apply: (params, x, context) =>
      tidy(() => {
        const flat = reshape(x, [x.shape[0]!, x.shape.slice(1).reduce((n, size) => n * size, 1)])
        const first = firstLinear(bounded(params.first), flat, context)
        const h = params.hidden.reduce((h, layer) => linear(bounded(layer), act(h)), first)
        const y = linear(bounded(params.last), act(h))
        return reshape(y, [y.shape[0]!, ...site.output])
      }),
  }
}

export const lipschitzMlpEntry: NetworkEntry<LipschitzMlpSpec> = {
  tag: 'lipschitzMlp',
  build: (spec, site) => {
    checkHidden(spec.hidden, site)
    checkActivation(spec.activation, site)
    if (!Number.isFinite(spec.constant) || spec.constant <= 0)
      throw new RangeError(`build: expected a constant > 0, got ${spec.constant} at ${showPath([...site.path, 'constant'])}`)
    return lipschitzMlpNetwork(spec, site)
  },
}
