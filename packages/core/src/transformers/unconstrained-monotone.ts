import { abs, add, div, exp, expandDims, matMul, mul, neg, reshape, slice, square } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import { activate, checkActivation } from '../networks/activation.ts'
import { initLinear, linear, zeroLinear } from '../networks/linear.ts'
import type { Linear } from '../networks/linear.ts'
import { pullback } from '../ops/pullback.ts'
import { split } from '../random/key.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { real } from '../support.ts'
import { handle } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checkBound, checkCount } from './check-count.ts'
import { integralError, integralTo } from './integral.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { expSoftclip, softclip } from './scale-map.ts'
import { boundedShift, column, columns } from './theta.ts'
import { twoMatMul, twoProduct, twoSum } from './two-floats.ts'
import type { TwoFloats } from './two-floats.ts'

/** What `unconstrainedMonotone` returns. */
export type UnconstrainedMonotoneSpec = TransformerSpec & {
  readonly _tag: 'unconstrainedMonotone'
  readonly signal: number
  readonly hidden: ReadonlyArray<number>
  readonly activation: Activation
  readonly points: number
  readonly bound: number
}

/** First layer (its first row of weights is x's), further layers, output layer. */
export type UnconstrainedMonotoneParams = { readonly layers: ReadonlyArray<Linear> }

/**
 * The integral of a positive network (UMNN, Wehenkel and Louppe 2019, eq. 1; zuko's form):
 *
 *   y = c + int_0^x g(u, signal) du,   g = exp of a perceptron, within [1e-3, 1e3]
 *
 * by Gauss-Legendre quadrature; the log-derivative is log g(x), which the quadrature's own derivative equals within its error. Beyond +-bound it is a straight
 * line. The network's weights are parameters of its own, the same for every dimension. Inverted numerically.
 *
 * theta [N, ...event, signal + 1]: the signal, then c. It starts as the identity, plus c.
 *
 * @param signal     how many numbers modulate the network
 * @param hidden     widths of its hidden layers
 * @param points     of the quadrature
 * @param bound      half-width of the interval, in the units of x
 * @example autoregressive(made({ hidden: [64, 64] }), unconstrainedMonotone({ signal: 16 }))
 * @see https://arxiv.org/abs/1908.05164
 */
export const unconstrainedMonotone = ({
  signal = 16,
  hidden = [64, 64],
  activation = 'elu',
  points = 32,
  bound = 10,
}: Partial<Omit<UnconstrainedMonotoneSpec, '_tag'>> = {}): UnconstrainedMonotoneSpec => ({
  _tag: 'unconstrainedMonotone',
  signal,
  hidden,
  activation,
  points,
  bound,
})

/** zuko's: exp of a number softclipped to +-7. */
const most = 7

/** The first layer's weights of u, and its numbers for u = 0, [..., 1, width]. */
const firstAt = (first: Linear, signal: Tensor): { readonly own: Tensor; readonly shifts: Tensor } => {
  const [count, width] = [signal.shape.at(-1)!, first.w.shape[1]!]
  const [own, others] = [slice(first.w, [0, 0], [1, width]), slice(first.w, [1, 0], [count, width])]
  const shifts = reshape(add(matMul(reshape(signal, [-1, count]), others), first.b), [...signal.shape.slice(0, -1), 1, width])
  return { own, shifts }
}

const densityAt = (
  { layers: [first, ...rest] }: UnconstrainedMonotoneParams,
  { activation }: UnconstrainedMonotoneSpec,
  signal: Tensor,
  u: Tensor,
): Tensor => {
  const { own, shifts } = firstAt(first!, signal)
  const h = reshape(add(mul(expandDims(u, -1), own), shifts), [-1, own.shape[1]!])
  const out = rest.reduce<Tensor>((z, layer) => linear(layer, activate(activation, z)), h)
  return exp(softclip(reshape(out, u.shape), most))
}

/** The density again, with the digits of two floats up to the exponent: the layers' sums are of some hundred, and what is lost of them would stand there. */
const closerDensityAt = (
  { layers: [first, ...rest] }: UnconstrainedMonotoneParams,
  { activation }: UnconstrainedMonotoneSpec,
  signal: Tensor,
  u: TwoFloats,
): Tensor => {
  const { own, shifts } = firstAt(first!, signal)
  const flat = (x: Tensor): Tensor => reshape(x, [-1, own.shape[1]!])
  const product = twoProduct(expandDims(u.high, -1), own)
  const sum = twoSum(product.high, shifts)
  const h = { high: flat(sum.high), low: flat(add(add(sum.low, product.low), mul(expandDims(u.low, -1), own))) }
  const activated = ({ high, low }: TwoFloats): TwoFloats => {
    const at = handle(high)
    const [moved] = pullback(() => [activate(activation, at)], [low], [at])
    return { high: activate(activation, high), low: moved! }
  }
  const out = rest.reduce<TwoFloats>((z, { w, b }) => {
    const { high, low } = twoMatMul(activated(z), w)
    const shifted = twoSum(high, b)
    return { high: shifted.high, low: add(shifted.low, low) }
  }, h)
  const slope = div(1, square(add(1, div(abs(out.high), most))))
  return reshape(mul(expSoftclip(out.high, most), add(1, mul(out.low, slope))), u.high.shape)
}

export const unconstrainedMonotoneTransformer = (spec: UnconstrainedMonotoneSpec): Transformer<UnconstrainedMonotoneParams> => {
  const { signal, hidden, points, bound } = spec
  const widths = [1 + signal, ...hidden]
  return numericallyInverted<UnconstrainedMonotoneParams>({
    spec,
    size: signal + 1,
    domain: real,
    range: real,
    trainable: { layers: [...hidden, 1].map(() => ({ w: true, b: true })) },
    init: key => ({
      layers: [...split(key, hidden.length).map((k, i) => initLinear(k, widths[i]!, widths[i + 1]!)), zeroLinear(widths.at(-1)!, 1)],
    }),
    value: (params, theta, x) => {
      const { y, logDeriv } = integralTo(x, points, bound, u => densityAt(params, spec, columns(theta, 0, signal), u))
      return { y: add(y, boundedShift(column(theta, signal))), logDeriv }
    },
    error: (params, theta, x, y) =>
      integralError(x, twoSum(y, neg(boundedShift(column(theta, signal)))), points, bound, u =>
        closerDensityAt(params, spec, columns(theta, 0, signal), u),
      ),
    isQuadrature: true,
  })
}

export const unconstrainedMonotoneEntry: TransformerEntry<UnconstrainedMonotoneSpec> = {
  tag: 'unconstrainedMonotone',
  build: (spec, site) => {
    checkCount('signal', spec.signal, [1, 9999], site)
    checkCount('points', spec.points, [1, 999], site)
    checkBound(spec.bound, site)
    checkActivation(spec.activation, site)
    if (!Array.isArray(spec.hidden) || spec.hidden.length === 0 || !spec.hidden.every(w => Number.isSafeInteger(w) && w > 0 && w <= 4096))
      throw new RangeError(
        `build: expected widths from 1 to 4096, got ${JSON.stringify(spec.hidden)} at ${showPath([...site.path, 'hidden'])}`,
      )
    return unconstrainedMonotoneTransformer(spec)
  },
}
