import { conditional, coupling, elementwise, linearRationalSpline, linearSpline, quadraticSpline } from '@diffeo/core'
import type { BijectorSpec, TransformerSpec } from '@diffeo/core'
import { net, none, one, splineBound } from './row.ts'
import type { Row } from './row.ts'

interface Case {
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

const onCase = ({ name, spec, startsAtIdentity }: Case, more: Partial<Row<BijectorSpec>> = {}): ReadonlyArray<Row<BijectorSpec>> => [
  { name: `elementwise(${name})`, spec: elementwise(spec), dims: one, contexts: none, startsAtIdentity, spread: 1, ...more },
  { name: `coupling(${name})`, spec: coupling(net, spec), dims: one, contexts: [[2]], startsAtIdentity, spread: 0.2, ...more },
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

export const univariateRows: ReadonlyArray<Row<BijectorSpec>> = splineRows

/** One of each transformer, for the laws of compiled functions. */
export const representativeUnivariateRows: ReadonlyArray<Row<BijectorSpec>> = univariateRows.filter(
  row => row.name.startsWith('coupling') && !/softmax|distrax/.test(row.name),
)
