import {
  bernstein,
  blockAutoregressive,
  conditional,
  coupling,
  deepSigmoid,
  elementwise,
  gaussianization,
  heavyTails,
  linearRationalSpline,
  linearSpline,
  logisticMixture,
  monotoneMlp,
  quadraticSpline,
  sumOfSquares,
  unconstrainedMonotone,
} from '@diffeo/core'
import type { BijectorSpec, TransformerSpec } from '@diffeo/core'
import { net, none, one, splineBound } from './row.ts'
import type { Row } from './row.ts'

interface Case extends Pick<Row<BijectorSpec>, 'layers'> {
  readonly name: string
  readonly spec: TransformerSpec
  readonly startsAtIdentity: boolean
}

const knots = ['softclip', 'softmax', 'distrax'] as const

/** Splines with an exact inverse. */
const splines: ReadonlyArray<Case> = knots.flatMap(map =>
  [linearSpline, quadraticSpline, linearRationalSpline].map(spline => ({
    name: `${spline.name}, ${map}`,
    spec: spline({ bins: 4, bound: splineBound, knots: map }),
    startsAtIdentity: spline !== linearRationalSpline || map !== 'softmax',
  })),
)

/** Inverted numerically. */
const numerical: ReadonlyArray<Case> = [
  { name: 'deepSigmoid', spec: deepSigmoid({ units: 5 }), startsAtIdentity: false },
  { name: 'deepSigmoid of 2 layers', spec: deepSigmoid({ units: 3, layers: 2 }), startsAtIdentity: false, layers: 3 },
  { name: 'logisticMixture', spec: logisticMixture({ components: 4 }), startsAtIdentity: false },
  { name: 'gaussianization', spec: gaussianization({ components: 4 }), startsAtIdentity: false },
  { name: 'gaussianization of 1 component', spec: gaussianization({ components: 1 }), startsAtIdentity: true },
  { name: 'sumOfSquares', spec: sumOfSquares({ degree: 3, polynomials: 2, bound: splineBound }), startsAtIdentity: false },
  { name: 'sumOfSquares of 1 polynomial', spec: sumOfSquares({ polynomials: 1 }), startsAtIdentity: true },
  { name: 'bernstein', spec: bernstein({ coefficients: 6, bound: splineBound }), startsAtIdentity: true },
  {
    name: 'bernstein with linear tails',
    spec: bernstein({ coefficients: 6, bound: splineBound, tails: 'linear' }),
    startsAtIdentity: true,
  },
  { name: 'heavyTails', spec: heavyTails(), startsAtIdentity: false },
  { name: 'monotoneMlp', spec: monotoneMlp({ signal: 2, hidden: [6, 4] }), startsAtIdentity: false },
  {
    name: 'unconstrainedMonotone',
    spec: unconstrainedMonotone({ signal: 2, hidden: [4, 3], activation: 'silu', bound: splineBound }),
    startsAtIdentity: true,
  },
]

const onCase = ({ name, spec, startsAtIdentity, layers = 1 }: Case): ReadonlyArray<Row<BijectorSpec>> => [
  {
    name: `elementwise(${name})`,
    spec: elementwise(spec),
    dims: one,
    contexts: none,
    startsAtIdentity,
    layers,
    spread: ['monotoneMlp', 'unconstrainedMonotone'].includes(spec._tag) ? 0.2 : 1,
  },
  {
    name: `coupling(${name})`,
    spec: coupling(net, spec),
    dims: one,
    contexts: [[2]],
    startsAtIdentity,
    layers,
    spread: 0.2,
  },
]

const splineRows: ReadonlyArray<Row<BijectorSpec>> = [
  ...splines.flatMap(each => onCase(each)),
  {
    name: 'conditional(linearRationalSpline)',
    spec: conditional(net, linearRationalSpline({ bins: 1, bound: splineBound })),
    dims: one,
    contexts: [[2]],
    startsAtIdentity: true,
  },
]

/** Networks that are bijectors themselves. */
const networks: ReadonlyArray<Row<BijectorSpec>> = [
  { name: 'blockAutoregressive', spec: blockAutoregressive({ width: 3 }), dims: one, spread: 0.3 },
  {
    name: 'blockAutoregressive of 2 layers',
    spec: blockAutoregressive({ width: 2, depth: 2 }),
    dims: [[1], [4]],
    contexts: none,
    layers: 2,
    spread: 0.3,
  },
]

export const univariateRows: ReadonlyArray<Row<BijectorSpec>> = [
  ...splineRows,
  ...numerical.flatMap(each => (/ of \d/.test(each.name) ? onCase(each).slice(0, 1) : onCase(each))),
  ...networks,
]

/** One of each transformer, for the laws of compiled functions. */
export const representativeUnivariateRows: ReadonlyArray<Row<BijectorSpec>> = univariateRows.filter(
  row => /^(coupling|blockAutoregressive$)/.test(row.name) && !/softmax|distrax/.test(row.name),
)
