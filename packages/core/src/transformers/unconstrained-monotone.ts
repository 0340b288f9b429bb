import { add, exp, expandDims, fill, less, matMul, mul, neg, onesLike, reshape, slice, sub, tensor1d, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import type { Transformer } from '../contracts.ts'
import { monotoneRoot } from '../control/monotone-root.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { activate, checkActivation } from '../networks/activation.ts'
import { initLinear, linear, zeroLinear } from '../networks/linear.ts'
import type { Linear } from '../networks/linear.ts'
import { split } from '../random/key.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { real } from '../support.ts'
import { tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checkBound, checkCount } from './check-count.ts'
import { newtonStep } from './numerical-inverse.ts'
import { areaTo, cubicsThrough } from './positive-cubics.ts'
import type { PositiveCubics } from './positive-cubics.ts'
import { softclip } from './scale-map.ts'
import { boundedShift, column, columns } from './theta.ts'

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
 * The integral of a positive network (UMNN, Wehenkel and Louppe 2019, eq. 1):
 *
 *   y = c + int_0^x g(u, signal) du,   g = exp of a perceptron, within [1e-3, 1e3]
 *
 * g is known by its values at `points` places between 0 and +-bound, whichever side x is on, and the cubics through them, whose slopes are those of five neighbours'
 * logarithms (Fritsch and Carlson 1980 limit them likewise): what is integrated is positive whatever the network, so that the map is monotone, its log-derivative
 * exact and its inverse that of a quartic, and the network is asked once in either direction. A network that is smooth over bound / points, as the paper's are, is
 * within 1e-4 of its integral. Beyond +-bound it is a straight line. The network's weights are parameters of its own, the same for every dimension.
 *
 * theta [N, ...event, signal + 1]: the signal, then c. It starts as the identity, plus c.
 *
 * @param signal     how many numbers modulate the network
 * @param hidden     widths of its hidden layers
 * @param points     at which the network is asked, apart from four beyond the ends
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

const logDensityAt = (
  { layers: [first, ...rest] }: UnconstrainedMonotoneParams,
  { activation }: UnconstrainedMonotoneSpec,
  signal: Tensor,
  u: Tensor,
): Tensor => {
  const { own, shifts } = firstAt(first!, signal)
  const h = reshape(add(mul(expandDims(u, -1), own), shifts), [-1, own.shape[1]!])
  const out = rest.reduce<Tensor>((z, layer) => linear(layer, activate(activation, z)), h)
  return softclip(reshape(out, u.shape), most)
}

/** The map on one side of 0: its integrand there, and c. */
export type Curve = { readonly integrand: PositiveCubics; readonly shift: Tensor }

/** @param side 1 or -1 */
export const curveOf = (params: UnconstrainedMonotoneParams, spec: UnconstrainedMonotoneSpec, theta: Tensor, side: Tensor): Curve => {
  const { points, signal } = spec
  const step = stepOf(spec)
  const places = tensor1d(Array.from({ length: points + 5 }, (_, j) => (j - 2) * step))
  const logs = logDensityAt(params, spec, columns(theta, 0, signal), mul(expandDims(side, -1), places))
  return { integrand: cubicsThrough(logs, step), shift: shiftOf(spec, theta) }
}

const stepOf = ({ points, bound }: UnconstrainedMonotoneSpec): number => bound / points

const shiftOf = ({ signal }: UnconstrainedMonotoneSpec, theta: Tensor): Tensor => boundedShift(column(theta, signal))

/** -1 below 0, else 1. */
export const sideOf = (x: Tensor): Tensor => where(less(x, 0), fill(x.shape, -1), onesLike(x))

export const alongCurve = ({ integrand, shift }: Curve, spec: UnconstrainedMonotoneSpec, side: Tensor, x: Tensor): Sloped => {
  const { base, rise, logDeriv } = areaTo(mul(side, x), integrand, stepOf(spec))
  return { y: add(mul(side, add(base, rise)), shift), logDeriv }
}

/** @param centred y less c */
export const backAlongCurve = (
  { integrand }: Pick<Curve, 'integrand'>,
  spec: UnconstrainedMonotoneSpec,
  side: Tensor,
  centred: Tensor,
): { readonly x: Tensor; readonly logDeriv: Tensor } => {
  const step = stepOf(spec)
  const area = mul(side, centred)
  const f = (end: Tensor, given: PositiveCubics): Sloped => {
    const { base, rise, logDeriv } = areaTo(end, given, step)
    return { y: add(base, rise), logDeriv }
  }
  const root = monotoneRoot(f, area, integrand)
  const { base, rise, logDeriv } = areaTo(root, integrand, step)
  const end = add(root, stopGradient(newtonStep(sub(sub(area, base), rise), exp(logDeriv))))
  return { x: mul(side, end), logDeriv: neg(areaTo(end, integrand, step).logDeriv) }
}

export const unconstrainedMonotoneTransformer = (spec: UnconstrainedMonotoneSpec): Transformer<UnconstrainedMonotoneParams> => {
  const { signal, hidden } = spec
  const widths = [1 + signal, ...hidden]
  return {
    spec,
    size: signal + 1,
    domain: real,
    range: real,
    isIterative: true,
    trainable: { layers: [...hidden, 1].map(() => ({ w: true, b: true })) },
    init: key => ({
      layers: [...split(key, hidden.length).map((k, i) => initLinear(k, widths[i]!, widths[i + 1]!)), zeroLinear(widths.at(-1)!, 1)],
    }),
    forward: (params, theta, x) =>
      tidy(() => {
        const side = sideOf(x)
        return { ...alongCurve(curveOf(params, spec, theta, side), spec, side, x) }
      }),
    inverse: (params, theta, y) =>
      tidy(() => {
        const centred = sub(y, shiftOf(spec, theta))
        const side = sideOf(centred)
        return { ...backAlongCurve(curveOf(params, spec, theta, side), spec, side, centred) }
      }),
  }
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
