import {
  additive,
  affine,
  bernstein,
  cauchyCdf,
  circularShift,
  circularSpline,
  deepSigmoid,
  exp,
  expm1,
  fixedAffine,
  gaussianization,
  gumbelCdf,
  heavyTails,
  identity,
  knotsOf,
  leakyRelu,
  leakyTanh,
  linearRationalForward,
  linearRationalInverse,
  linearRationalParts,
  linearRationalSpline,
  linearSpline,
  logTanh,
  logisticMixture,
  moebius,
  monotoneMlp,
  normalCdf,
  power,
  quadraticSpline,
  rationalQuadratic,
  scale,
  sigmoid,
  signedPower,
  sinh,
  sinhArcsinh,
  softplus,
  splineForward,
  splineInverse,
  sumOfSquares,
  tanh,
  unconstrainedMonotone,
} from '@diffeo/core'
import type { KnotMap, Knots, Params, ScaleMap, Transformer, TransformerSpec } from '@diffeo/core'
import { add, expandDims, fill, less, mul, sigmoid as sigmoidOf, slice, sub, tensor, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { alongCurve, backAlongCurve, curveOf, sideOf } from '../../packages/core/src/transformers/unconstrained-monotone.ts'
import type { Curve, UnconstrainedMonotoneParams } from '../../packages/core/src/transformers/unconstrained-monotone.ts'
import { rowsOf } from '../laws/draws.ts'

/** A transformer whose rounding errors are measured. */
export interface NumericsMember {
  readonly name: string
  readonly spec: TransformerSpec
  /** The x at which its pieces meet. */
  readonly knots?: (theta: ReadonlyArray<number>) => ReadonlyArray<number>
  /** Standard deviation of the noise on parameters of its own, before they are scaled. */
  readonly spread?: number
  /** The largest round trip of parameters as drawn, where one is promised. */
  readonly mostRoundTrip?: number
  /** The most sets of parameters: float64 takes long. */
  readonly most?: number
  /** Knots and slopes as float32 has them, and the two ways through them: residuals are then those of the map with these. */
  readonly coefficients?: Pick<Transformer, 'forward' | 'inverse'> & { readonly of: (theta: Tensor, params: Params) => Params }
  /** Where it is one map after another: the first. */
  readonly inner?: (theta: ReadonlyArray<number>) => { readonly spec: TransformerSpec; readonly theta: ReadonlyArray<number> }
}

/** The largest condition-normalized residual that is allowed. */
export const mostResidual = 1.5

/** The half-width of the splines' interval, and of the grid. */
export const bound = 5

const pi32 = Math.fround(Math.PI)
const bins = 8
const knotMaps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']
const scaleMaps: ReadonlyArray<ScaleMap> = ['softclip', 'exp', 'softplus', 'sigmoid', 'tanh']

/** The float32 knots that the first numbers of theta make. */
const knotsFrom =
  (map: KnotMap, edge: number): NonNullable<NumericsMember['knots']> =>
  theta => {
    const all = Array.from({ length: 3 * bins - 1 }, (_, i) => theta[i] ?? 0)
    return [...rowsOf(knotsOf(map, tensor(all, [1, all.length]), bins, edge).x)[0]!]
  }

const evenly = (): ReadonlyArray<number> => Array.from({ length: bins + 1 }, (_, i) => Math.fround(bound * ((2 * i) / bins - 1)))

type Parts = ReturnType<typeof linearRationalParts>

const partsOf = (map: KnotMap, theta: Tensor): Parts => {
  const part = (from: number, count: number): Tensor => slice(theta, [0, 0, from], [1, 1, count])
  const cuts = add(0.025, mul(0.95, sigmoidOf(part(3 * bins - 1, bins))))
  return linearRationalParts(knotsOf(map, part(0, 3 * bins - 1), bins, bound), cuts)
}

const splines: ReadonlyArray<NumericsMember> = [
  ...knotMaps.map(knots => ({
    name: `rationalQuadratic, ${knots}`,
    spec: rationalQuadratic({ bins, bound, knots }),
    mostRoundTrip: knots === 'softclip' ? 1e-5 : 1e-4,
    knots: knotsFrom(knots, bound),
    coefficients: {
      of: (theta: Tensor): Params => ({ ...knotsOf(knots, theta, bins, bound) }),
      forward: (at: Params, _: Tensor, x: Tensor) => splineForward(at as unknown as Knots, x, bound),
      inverse: (at: Params, _: Tensor, y: Tensor) => splineInverse(at as unknown as Knots, y, bound),
    },
  })),
  ...knotMaps.map(knots => ({ name: `linearSpline, ${knots}`, spec: linearSpline({ bins, bound, knots }), knots: evenly })),
  ...knotMaps.map(knots => ({
    name: `quadraticSpline, ${knots}`,
    spec: quadraticSpline({ bins, bound, knots }),
    knots: knotsFrom(knots, bound),
  })),
  ...knotMaps.map(knots => ({
    name: `linearRationalSpline, ${knots}`,
    spec: linearRationalSpline({ bins, bound, knots }),
    knots: knotsFrom(knots, bound),
    coefficients: {
      of: (theta: Tensor): Params => ({ ...partsOf(knots, theta) }),
      forward: (at: Params, _: Tensor, x: Tensor) => linearRationalForward(at as unknown as Parts, x, bound),
      inverse: (at: Params, _: Tensor, y: Tensor) => {
        const { y: x, logDeriv } = linearRationalInverse(at as unknown as Parts, y, bound)
        return { x, logDeriv }
      },
    },
  })),
]

const perceptrons = { signal: 4, hidden: [16, 16] } as const

const integrated = unconstrainedMonotone(perceptrons)

/** The integrand at its points on either side. */
type BothCurves = { readonly low: Curve['integrand']; readonly high: Curve['integrand']; readonly shift: Tensor }
const bothOf = (at: Params): BothCurves => at as unknown as BothCurves

/** They are what the network gives in float32, and the two ways are those of a spline through them. */
const ofCurves: NumericsMember['coefficients'] = {
  of: (theta, params) => {
    const [low, high] = [-1, 1].map(side => ({ ...curveOf(params as UnconstrainedMonotoneParams, integrated, theta, fill([1, 1], side)) }))
    return { low: { ...low!.integrand }, high: { ...high!.integrand }, shift: high!.shift } satisfies BothCurves
  },
  forward: (at, _, x) => {
    const side = sideOf(x)
    return alongCurve({ integrand: integrandAt(at, side), shift: bothOf(at).shift }, integrated, side, x)
  },
  inverse: (at, _, y) => {
    const centred = sub(y, bothOf(at).shift)
    const side = sideOf(centred)
    return backAlongCurve({ integrand: integrandAt(at, side) }, integrated, side, centred)
  },
}

const integrandAt = (at: Params, side: Tensor): Curve['integrand'] => {
  const { low, high } = bothOf(at)
  const isLow = less(expandDims(side, -1), 0)
  return {
    integrals: where(isLow, low.integrals, high.integrals),
    values: where(isLow, low.values, high.values),
    slopes: where(isLow, low.slopes, high.slopes),
  }
}

const numerical: ReadonlyArray<NumericsMember> = [
  { name: 'deepSigmoid', spec: deepSigmoid() },
  {
    name: 'deepSigmoid of 2 layers',
    spec: deepSigmoid({ units: 8, layers: 2 }),
    inner: theta => ({ spec: deepSigmoid({ units: 8 }), theta: theta.slice(0, 24) }),
  },
  // its last scale and shift are a map of their own
  { name: 'logisticMixture', spec: logisticMixture(), inner: theta => ({ spec: logisticMixture(), theta: [...theta.slice(0, 24), 0, 0] }) },
  { name: 'gaussianization', spec: gaussianization(), most: 20 },
  { name: 'sumOfSquares', spec: sumOfSquares() },
  { name: 'bernstein', spec: bernstein({ bound }), most: 20 },
  { name: 'bernstein, linear tails', spec: bernstein({ bound, tails: 'linear' }), most: 20 },
  { name: 'monotoneMlp', spec: monotoneMlp(perceptrons), spread: 0.2 },
  { name: 'unconstrainedMonotone', spec: integrated, spread: 0.2, coefficients: ofCurves },
  { name: 'heavyTails', spec: heavyTails() },
]

const circles: ReadonlyArray<NumericsMember> = [
  { name: 'circularSpline', spec: circularSpline({ bins }), knots: knotsFrom('softclip', pi32) },
  { name: 'moebius', spec: moebius() },
  { name: 'circularShift', spec: circularShift() },
]

const plain: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ['additive', additive()],
  ...scaleMaps.map(map => [`affine, ${map}`, affine({ scale: map })] as const),
  ...scaleMaps.map(map => [`scale, ${map}`, scale({ scale: map })] as const),
  ['sinhArcsinh', sinhArcsinh()],
]

const withoutParameters: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ['identity', identity()],
  ['fixedAffine', fixedAffine({ shift: 3.2, scale: 0.7 })],
  ['exp', exp()],
  ['expm1', expm1()],
  ['softplus', softplus()],
  ['sigmoid', sigmoid()],
  ['tanh', tanh()],
  ['leakyTanh', leakyTanh()],
  ['logTanh', logTanh()],
  ['leakyRelu', leakyRelu()],
  ['power', power({ exponent: 1.7 })],
  ['signedPower', signedPower({ exponent: 1.7 })],
  ['sinh', sinh()],
  ['normalCdf', normalCdf()],
  ['cauchyCdf', cauchyCdf()],
  ['gumbelCdf', gumbelCdf()],
]

export const numericsMembers: ReadonlyArray<NumericsMember> = [
  ...splines,
  ...numerical,
  ...circles,
  ...[...plain, ...withoutParameters].map(([name, spec]) => ({ name, spec })),
]
