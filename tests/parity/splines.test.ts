import { knotsOf, splineForward, splineInverse, tidy, valueAndGrad } from '@diffeo/core'
import type { KnotMap, Knots } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { add, sum, tensor1d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'

type Numbers = ReadonlyArray<number>
interface Values {
  readonly y: Numbers
  readonly logDeriv: Numbers
}
/** Of sum(y) + sum(logDeriv) by the points and by the inner knots and slopes. */
interface Gradient {
  readonly dydx: Numbers
  readonly x: Numbers
  readonly xKnots: Numbers
  readonly yKnots: Numbers
  readonly slopes: Numbers
}
interface Library {
  readonly forward: Values
  readonly inverse: Values
  readonly forwardGradient: Gradient
  readonly inverseGradient: Gradient
}
interface Spline {
  readonly bins: number
  readonly bound: number
  readonly spread: number
  readonly xKnots: Numbers
  readonly yKnots: Numbers
  readonly slopes: Numbers
  readonly forwardPoints: Numbers
  readonly inversePoints: Numbers
  readonly forwardGradientPoints: Numbers
  readonly inverseGradientPoints: Numbers
  readonly distrax: Library
  readonly nflows: Library
}
interface Mapped extends Values {
  readonly xKnots: Numbers
  readonly yKnots: Numbers
  readonly slopes: Numbers
  readonly thetaGradient: Numbers
}
interface MapCase {
  readonly bins: number
  readonly spread: number
  readonly bound: number
  readonly theta: Numbers
  readonly x: Numbers
  readonly zuko: Mapped
  readonly nflows: Mapped
  readonly distrax: Mapped
}

const file = new URL('../fixtures/splines.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as { readonly splines: ReadonlyArray<Spline>; readonly maps: ReadonlyArray<MapCase> }

/** Knots, slopes and points are exact in float32, so only our own roundings differ: a few units of 2^-23 of values up to 40. */
const exactly = { atol: 2e-6, rtol: 2e-7 }
/** Of one number among others of its kind: the roundings of a sum are those of its largest terms. */
const gradients = (expected: Numbers): { readonly atol: number; readonly rtol: number } => ({
  atol: 1e-6 * (1 + Math.max(0, ...expected.map(Math.abs))),
  rtol: 1e-5,
})

/** The knots and the points of a spline: one parameter tree. */
type SplineAt = { readonly [leaf in keyof Knots | 'at']: Tensor }

type Direction = 'forward' | 'inverse'

const run = (direction: Direction, knots: Knots, at: Tensor, bound: number): { readonly y: Tensor; readonly logDeriv: Tensor } => {
  if (direction === 'forward') return splineForward(knots, at, bound)
  const { x, logDeriv } = splineInverse(knots, at, bound)
  return { y: x, logDeriv }
}

const knotsIn = ({ xKnots, yKnots, slopes }: Spline): Knots => ({
  x: tensor1d([...xKnots]),
  y: tensor1d([...yKnots]),
  slopes: tensor1d([...slopes]),
})

const inner = (x: Tensor): ArrayLike<number> => x.dataSync().slice(1, -1)

const sameValues = (spline: Spline, library: 'distrax' | 'nflows', direction: Direction): void => {
  const expected = spline[library][direction]
  const { y, logDeriv } = run(direction, knotsIn(spline), tensor1d([...spline[`${direction}Points`]]), spline.bound)
  near(y.dataSync(), expected.y, { ...exactly, what: `${direction} y` })
  near(logDeriv.dataSync(), expected.logDeriv, { ...exactly, what: `${direction} log-derivative` })
}

const sameGradients = (spline: Spline, library: 'distrax' | 'nflows', direction: Direction): void => {
  const expected = spline[library][`${direction}Gradient`]
  const points = tensor1d([...spline[`${direction}GradientPoints`]])
  const knots = knotsIn(spline)
  const { grads } = valueAndGrad(({ at, ...free }: SplineAt) => {
    const { y, logDeriv } = run(direction, free, at, spline.bound)
    return add(sum(y), sum(logDeriv))
  })({ ...knots, at: points })
  const dydx = valueAndGrad((at: Tensor) => sum(run(direction, knots, at, spline.bound).y))(points).grads
  const compare = (actual: ArrayLike<number>, of: keyof Gradient): void =>
    near(actual, expected[of], { ...gradients(expected[of]), what: `${direction} gradient, ${of}` })
  compare(dydx.dataSync(), 'dydx')
  compare(grads.at.dataSync(), 'x')
  compare(inner(grads.x), 'xKnots')
  compare(inner(grads.y), 'yKnots')
  compare(inner(grads.slopes), 'slopes')
}

/** Ours adds c = log(expm1(1 - 1e-3)) to the free slopes, so that zeros are the identity; nflows' theta is ours plus c. */
const nflowsShift = Math.log(Math.expm1(1 - 1e-3))

const libraries: ReadonlyArray<{ readonly name: 'zuko' | 'nflows' | 'distrax'; readonly map: KnotMap; readonly shift: number }> = [
  { name: 'zuko', map: 'softclip', shift: 0 },
  { name: 'nflows', map: 'softmax', shift: nflowsShift },
  { name: 'distrax', map: 'distrax', shift: 0 },
]

const sameMap = (row: MapCase, { name, map, shift }: (typeof libraries)[number]): void => {
  const expected = row[name]
  const theta = tensor1d(row.theta.map((v, i) => (i < 2 * row.bins ? v : v - shift)))
  const x = tensor1d([...row.x])
  const knots = knotsOf(map, theta, row.bins, row.bound)
  near(knots.x.dataSync(), expected.xKnots, { atol: 4e-6, what: 'x of the knots' })
  near(knots.y.dataSync(), expected.yKnots, { atol: 4e-6, what: 'y of the knots' })
  near(knots.slopes.dataSync(), expected.slopes, { atol: 0, rtol: 2e-6, what: 'slopes' })
  const { y, logDeriv } = splineForward(knots, x, row.bound)
  near(y.dataSync(), expected.y, { atol: knotRounding(expected), what: 'y' })
  near(logDeriv.dataSync(), expected.logDeriv, { atol: knotRounding(expected), what: 'log-derivative' })
  const { grads } = valueAndGrad((free: Tensor) => {
    const spline = splineForward(knotsOf(map, free, row.bins, row.bound), x, row.bound)
    return add(sum(spline.y), sum(spline.logDeriv))
  })(theta)
  const largest = Math.max(1, ...expected.thetaGradient.map(Math.abs))
  near(grads.dataSync(), expected.thetaGradient, { atol: largest * knotRounding(expected), what: 'gradient by theta' })
}

/** Knots are sums, rounded to 4e-6 on [-5, 5]: by so much, relative to the narrowest bin, is a place in a bin off; 1e-4 at most. */
const knotRounding = ({ xKnots, yKnots }: Mapped): number => {
  const narrowest = (knots: Numbers): number => Math.min(...knots.slice(1).map((v, i) => v - knots[i]!))
  return Math.min(1e-4, 2e-6 * (1 + 1 / Math.min(narrowest(xKnots), narrowest(yKnots))))
}

const backends = ['cpu', 'wasm'] as const

backends.forEach(backend => {
  const s = suite(`splines of other libraries on ${backend}`)
  s.before(() => useTestBackend(backend))
  fixture.splines.forEach((spline, i) =>
    (['distrax', 'nflows'] as const).forEach(library =>
      s.test(`${library}, spline ${i}: ${spline.bins} bins on ±${spline.bound}, spread ${spline.spread}`, () =>
        tidy(() =>
          (['forward', 'inverse'] as const).forEach(direction => {
            sameValues(spline, library, direction)
            sameGradients(spline, library, direction)
          }),
        ),
      ),
    ),
  )
  fixture.maps.forEach(row =>
    libraries.forEach(library =>
      s.test(`knots by ${library.name}'s map: ${row.bins} bins, spread ${row.spread}`, () => tidy(() => sameMap(row, library))),
    ),
  )
  s.run()
})
