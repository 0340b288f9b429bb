import { additive, affine, knotsOf, rationalQuadratic, scale } from '@diffeo/core'
import type { KnotMap, ScaleMap, Transformer } from '@diffeo/core'
import { expandDims, fill, mul, sum, tensor, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { assert, drawn, rowsOf, values } from './draws.ts'
import { grad, isJitted } from './execution.ts'
import type { Law } from './law.ts'
import { machineEpsilon, nextDown, nextUp } from './oracle/float32.ts'
import { additiveMap, affineMap, knotNumbers, reach, scaleMap, splineMap, splineMapAround } from './oracle/maps.ts'
import type { KnotNumbers, ScalarMap } from './oracle/maps.ts'
import { transformerOf } from './parts.ts'

interface Image {
  readonly out: Tensor
  readonly logDeriv: Tensor
}

/** An elementwise map with a number of parameter sets; row i of a batch [sets, points] goes through set i. */
export interface ElementwiseMember {
  readonly name: string
  readonly sets: number
  /** The map's natural scale B: half-width of a spline, size of a shift. */
  readonly scale: number
  readonly size: number
  readonly forward: (theta: Tensor, x: Tensor) => Image
  readonly inverse: (theta: Tensor, y: Tensor) => Image
  readonly theta: () => Tensor
  /** The float64 map of every set, and the places where its pieces meet. */
  readonly oracle: () => ReadonlyArray<{
    readonly map: ScalarMap
    readonly xEdges: ReadonlyArray<number>
    readonly yEdges: ReadonlyArray<number>
  }>
}

const setCount = 24

const sized = (transformer: Transformer): Pick<ElementwiseMember, 'size' | 'forward' | 'inverse'> => ({
  size: transformer.size,
  forward: (theta, x) => {
    const { y, logDeriv } = transformer.forward({}, expandDims(theta, 1), x)
    return { out: y, logDeriv }
  },
  inverse: (theta, y) => {
    const { x, logDeriv } = transformer.inverse({}, expandDims(theta, 1), y)
    return { out: x, logDeriv }
  },
})

const plain = (
  name: string,
  transformer: Transformer,
  spread: number,
  map: (theta: ReadonlyArray<number>) => ScalarMap,
): ElementwiseMember => {
  const theta = (): Tensor => drawn([setCount, transformer.size], 41, spread)
  return {
    name: `${name}, theta ${spread} N(0, 1)`,
    sets: setCount,
    scale: 3 * spread,
    ...sized(transformer),
    theta,
    oracle: () => rowsOf(theta()).map(row => ({ map: map([...row]), xEdges: [], yEdges: [] })),
  }
}

const knotsAt = (map: KnotMap, theta: Tensor, bins: number, bound: number): ReadonlyArray<KnotNumbers> => {
  const { x, y, slopes } = knotsOf(map, theta, bins, bound)
  const [xs, ys, ds] = [rowsOf(x), rowsOf(y), rowsOf(slopes)]
  return xs.map((_, i) => ({ x: [...xs[i]!], y: [...ys[i]!], slopes: [...ds[i]!] }))
}

/** The oracle stands on the float32 knots: how theta becomes knots is a law of its own. */
const spline = (knots: KnotMap, bins: number, bound: number, spread: number): ElementwiseMember => {
  const transformer = transformerOf(rationalQuadratic({ bins, bound, knots }))
  const theta = (): Tensor => drawn([setCount, transformer.size], 42, spread)
  return {
    name: `rationalQuadratic ${knots} of ${bins} bins on ${bound}, theta ${spread} N(0, 1)`,
    sets: setCount,
    scale: bound,
    ...sized(transformer),
    theta,
    oracle: () => {
      const eager = knotsAt(knots, theta(), bins, bound)
      if (!isJitted()) return eager.map(k => ({ map: splineMap(k), xEdges: k.x, yEdges: k.y }))
      // a compiled spline has knots of its own
      const exact = rowsOf(theta()).map(row => knotNumbers(knots, [...row], bins, bound))
      return exact.map((k, i) => ({
        map: splineMapAround([k, eager[i]!], 8 * machineEpsilon * bound, 4e-6),
        xEdges: eager[i]!.x,
        yEdges: eager[i]!.y,
      }))
    },
  }
}

const scaleNames: ReadonlyArray<ScaleMap> = ['softclip', 'exp', 'softplus', 'sigmoid', 'tanh']
const knotNames: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']

export const elementwiseMembers: ReadonlyArray<ElementwiseMember> = [
  plain('additive', transformerOf(additive()), 1, additiveMap),
  ...scaleNames.flatMap(map => [
    plain(`affine ${map}`, transformerOf(affine({ scale: map })), 1, theta => affineMap(map, theta)),
    plain(`affine ${map} of at least 0.02`, transformerOf(affine({ scale: map, minScale: 0.02 })), 1, theta => affineMap(map, theta, 0.02)),
    plain(`scale ${map}`, transformerOf(scale({ scale: map })), 1, theta => scaleMap(map, theta)),
  ]),
  ...knotNames.flatMap(map => [spline(map, 8, 5, 1), spline(map, 8, 5, 10)]),
  spline('softclip', 1, 5, 1),
  spline('softclip', 2, 3, 1),
  spline('softclip', 32, 5, 1),
  spline('softclip', 8, 0.01, 1),
  spline('softclip', 8, 1000, 1),
]

type ElementwiseLaw = Law<ElementwiseMember>

const gridSize = 201

/** Beside every edge its neighbours; a grid on +-1.2 B; the numbers near 0; the tails. */
const pointsFor = (edges: ReadonlyArray<number>, bound: number): ReadonlyArray<number> => [
  ...Array.from({ length: gridSize }, (_, i) => Math.fround(1.2 * bound * ((2 * i) / (gridSize - 1) - 1))),
  ...edges.flatMap(edge => [nextDown(edge), edge, nextUp(edge)]),
  ...[0, -0, 1e-40, -1e-40, 2 ** -149, 1e3, -1e3, 1e6, -1e6, 1e30, -1e30],
]

interface Point {
  readonly at: number
  readonly out: number
  readonly logDeriv: number
  readonly map: ScalarMap
}

/** Runs every set on its points; `edges` says on which side they stand. */
const each = (member: ElementwiseMember, direction: 'forward' | 'inverse', check: (point: Point, back: Point) => void): void => {
  const sets = member.oracle()
  const points = sets.map(set => pointsFor(direction === 'forward' ? set.xEdges : set.yEdges, member.scale))
  const theta = member.theta()
  const at = tensor(points.flat(), [sets.length, points[0]!.length])
  const there = member[direction](theta, at)
  const back = member[direction === 'forward' ? 'inverse' : 'forward'](theta, there.out)
  const [ats, outs, dets, backs, backDets] = [at, there.out, there.logDeriv, back.out, back.logDeriv].map(rowsOf) as [
    Rows,
    Rows,
    Rows,
    Rows,
    Rows,
  ]
  sets.forEach(({ map }, i) =>
    ats[i]!.forEach((value, j) =>
      check(
        { at: value, out: outs[i]![j]!, logDeriv: dets[i]![j]!, map },
        { at: outs[i]![j]!, out: backs[i]![j]!, logDeriv: backDets[i]![j]!, map },
      ),
    ),
  )
}
type Rows = ReadonlyArray<Float32Array>

const within = (error: number, bound: number, what: () => string): void =>
  assert(error <= bound, () => `${what()}: off by ${error}, allowed ${bound}`)

/** L1: x' is the exact preimage of a number within 16 eps (|y| + B) of y, up to 16 eps (|x| + B). */
const roundTrip: ElementwiseLaw = {
  name: 'round trip from x',
  check: member =>
    each(member, 'forward', ({ at, out, map }, back) => {
      const rounding = 16 * machineEpsilon * (Math.abs(out) + member.scale)
      const maps = [map, ...(map.around ?? [])]
      const low = Math.min(...maps.map(m => m.inverse(out - rounding)))
      const high = Math.max(...maps.map(m => m.inverse(out + rounding)))
      const slack = 16 * machineEpsilon * (Math.abs(at) + member.scale)
      assert(
        back.out >= Math.min(low, at) - slack && back.out <= Math.max(high, at) + slack,
        () => `x = ${at}: back at ${back.out}, allowed ${low} to ${high}`,
      )
    }),
}

/** L2: the condition-normalised residual rho = |f(x') - y| / (eps (|y| + B + f'(x') (|x'| + B))) is at most 2. */
export const largestResidual = (member: ElementwiseMember): number => {
  let largest = 0
  each(member, 'inverse', ({ at, out, map }) => {
    // the slope may change a thousandfold from one float to the next
    const slope = Math.exp(Math.max(...[nextDown(out), out, nextUp(out)].map(map.logDeriv)))
    const size = Math.abs(at) + member.scale + slope * (Math.abs(out) + member.scale)
    const apart = Math.abs(map.value(out) - at) - reach(map, m => m.value(out))
    largest = Math.max(largest, apart / (machineEpsilon * size))
  })
  return largest
}

const residual: ElementwiseLaw = {
  name: 'residual of the inverse',
  check: member => within(largestResidual(member), 2, () => 'rho'),
}

/** Values against the oracle. */
const agreement: ElementwiseLaw = {
  name: 'values against float64',
  check: member => {
    each(member, 'forward', ({ at, out, map }) => {
      const bound = 8 * machineEpsilon * (Math.abs(out) + member.scale + Math.exp(map.logDeriv(at)) * (Math.abs(at) + member.scale))
      within(Math.abs(out - map.value(at)), bound + reach(map, m => m.value(at)), () => `y at ${at}`)
    })
    each(member, 'inverse', ({ at, out, map }) => {
      const exact = map.inverse(at)
      const bound = 16 * machineEpsilon * (Math.abs(exact) + member.scale + Math.exp(-map.logDeriv(exact)) * (Math.abs(at) + member.scale))
      within(Math.abs(out - exact), bound + reach(map, m => m.inverse(at)), () => `x at ${at}`)
    })
  },
}

/** How much log f' moves within the rounding of x: L3 and L5 allow 16 eps |d log f' / dx| (|x| + B) on top. */
const slack = (map: ScalarMap, x: number, scaleOf: number): number => {
  const h = 8 * machineEpsilon * (Math.abs(x) + scaleOf)
  const middle = map.logDeriv(x)
  return 2 * Math.max(Math.abs(map.logDeriv(x + h) - middle), Math.abs(map.logDeriv(x - h) - middle))
}

const logDerivative: ElementwiseLaw = {
  name: 'log-derivative against float64',
  check: member => {
    each(member, 'forward', ({ at, logDeriv, map }) =>
      within(
        Math.abs(logDeriv - map.logDeriv(at)),
        2e-5 + slack(map, at, member.scale) + reach(map, m => m.logDeriv(at)),
        () => `log f' at x = ${at}`,
      ),
    )
    each(member, 'inverse', ({ at, logDeriv, map }) => {
      const x = map.inverse(at)
      const bound = 2e-5 + slack(map, x, member.scale * (1 + Math.exp(-map.logDeriv(x)))) + reach(map, m => m.logDeriv(m.inverse(at)))
      within(Math.abs(logDeriv + map.logDeriv(x)), bound, () => `log of the inverse's derivative at y = ${at}`)
    })
  },
}

/** L4: the oracle's own log-derivative against differences of its values, away from the edges. */
const oracleItself: ElementwiseLaw = {
  name: 'the oracle against differences',
  check: member =>
    member.oracle().forEach(({ map, xEdges }) =>
      Array.from({ length: 41 }, (_, i) => 1.1 * member.scale * (i / 20 - 1) + 1e-3).forEach(x => {
        const h = 1e-5 * member.scale
        if (xEdges.some(edge => Math.abs(edge - x) < 3 * h)) return
        const difference = (8 * (map.value(x + h) - map.value(x - h)) - (map.value(x + 2 * h) - map.value(x - 2 * h))) / (12 * h)
        const slope = Math.exp(map.logDeriv(x))
        within(Math.abs(difference - slope), 2e-5 * slope + 1e-8, () => `x = ${x}`)
        within(Math.abs(map.inverse(map.value(x)) - x), 1e-9 * member.scale * (1 + Math.exp(-map.logDeriv(x))), () => `inverse at ${x}`)
      }),
    ),
}

/** L5: the two log-derivatives cancel. */
const antisymmetry: ElementwiseLaw = {
  name: 'antisymmetry',
  check: member =>
    each(member, 'forward', ({ at, logDeriv, map }, back) => {
      const bound = 1e-5 + 2 * slack(map, at, member.scale * (1 + Math.exp(-map.logDeriv(at)))) + reach(map, m => m.logDeriv(at))
      within(Math.abs(logDeriv + back.logDeriv), bound, () => `x = ${at}`)
    }),
}

/** L7: theta = 0 is the identity, bit for bit outside a spline's interval; nflows' map starts elsewhere. */
const identityAtZero: ElementwiseLaw = {
  name: 'theta = 0 is the identity',
  concerns: member => !member.name.includes('softmax'),
  check: member => {
    const points = pointsFor([member.scale, -member.scale], member.scale)
    const x = tensor([...points], [1, points.length])
    const zero = zeros([1, member.size])
    ;[member.forward(zero, x), member.inverse(zero, x)].forEach(({ out, logDeriv }) => {
      values(out).forEach((y, i) => {
        const at = Math.abs(points[i]!)
        const exact = member.name.startsWith('rationalQuadratic') && at > member.scale
        within(Math.abs(y - values(x)[i]!), exact ? 0 : 2 * machineEpsilon * (at + member.scale), () => `x = ${points[i]}`)
      })
      values(logDeriv).forEach((d, i) => within(Math.abs(d), 4 * machineEpsilon, () => `log-derivative at ${points[i]}`))
    })
  },
}

/** L8: sorted x, adjacent floats among them, give sorted y; strictly so where they are apart by more than rounding. */
const monotone: ElementwiseLaw = {
  name: 'strictly increasing',
  check: member =>
    (['forward', 'inverse'] as const).forEach(direction => {
      const sets = member.oracle()
      const points = sets.map(set => [...pointsFor(direction === 'forward' ? set.xEdges : set.yEdges, member.scale)].sort((a, b) => a - b))
      const outs = rowsOf(member[direction](member.theta(), tensor(points.flat(), [sets.length, points[0]!.length])).out)
      sets.forEach(({ map }, i) =>
        outs[i]!.forEach((out, j) => {
          if (j === 0) return
          const [before, from, to] = [outs[i]![j - 1]!, points[i]![j - 1]!, points[i]![j]!]
          const riseOf = (m: ScalarMap): number =>
            m[direction === 'forward' ? 'value' : 'inverse'](to) - m[direction === 'forward' ? 'value' : 'inverse'](from)
          const rise = riseOf(map) - reach(map, riseOf)
          const rounding = 4 * machineEpsilon * (Math.abs(out) + member.scale)
          assert(out >= before - rounding, () => `${direction}: ${before} then ${out} at ${from}, ${to}`)
          assert(rise <= 4 * rounding || out > before, () => `${direction}: ${before} then ${out} at ${from}, ${to}`)
        }),
      )
    }),
}

/** L9: the slope is positive and finite for whatever theta within 1e4, and so is everything else. */
const anyTheta: ElementwiseLaw = {
  name: 'finite for every theta',
  check: member =>
    [1e2, 1e4].forEach(spread => {
      const theta = drawn([20, member.size], 43, spread)
      const x = tensor(
        Array.from({ length: 20 }, () => pointsFor([member.scale, -member.scale], member.scale).filter(v => Math.abs(v) < 1e20)).flat(),
        [20, -1].map(n => (n < 0 ? gridSize + 15 : n)),
      )
      ;[member.forward(theta, x), member.inverse(theta, x)].forEach(({ out, logDeriv }) => {
        assert(values(out).every(Number.isFinite), () => 'a value is not finite')
        assert(values(logDeriv).every(Number.isFinite), () => 'a log-derivative is not finite')
      })
    }),
}

/** L16, L18: gradients by x, equal to f' and 1 / f' of the oracle, and finite by every theta, at every edge and neighbour of one. */
const gradients: ElementwiseLaw = {
  name: 'gradients at every edge',
  check: member =>
    (['forward', 'inverse'] as const).forEach(direction => {
      const sets = member.oracle()
      const points = sets.map(set => pointsFor(direction === 'forward' ? set.xEdges : set.yEdges, member.scale))
      const at = tensor(points.flat(), [sets.length, points[0]!.length])
      const total = (all: { readonly theta: Tensor; readonly x: Tensor }, part: keyof Image): Tensor =>
        sum(member[direction](all.theta, all.x)[part])
      const inputs = { theta: member.theta(), x: at }
      const ofOut = grad((all: typeof inputs) => total(all, 'out'))(inputs)
      const ofDet = grad((all: typeof inputs) => total(all, 'logDeriv'))(inputs)
      ;[ofOut.theta, ofOut.x, ofDet.theta, ofDet.x].forEach(g =>
        assert(values(g).every(Number.isFinite), () => `${direction}: a gradient is not finite`),
      )
      rowsOf(ofOut.x).forEach((row, i) =>
        row.forEach((slope, j) => {
          const { map } = sets[i]!
          const x = direction === 'forward' ? points[i]![j]! : map.inverse(points[i]![j]!)
          const exact = direction === 'forward' ? map.logDeriv(x) : -map.logDeriv(x)
          const given = points[i]![j]!
          const apart = reach(map, m => m.logDeriv(direction === 'forward' ? given : m.inverse(given)))
          const bound = 1e-4 + 2 * slack(map, x, member.scale * (1 + Math.exp(-map.logDeriv(x)))) + Math.expm1(apart)
          within(
            Math.abs(slope / Math.exp(exact) - 1),
            bound,
            () => `${direction}: gradient ${slope} for ${Math.exp(exact)} at ${points[i]![j]}`,
          )
        }),
      )
    }),
}

/** L12: NaN gives NaN twice; an infinity keeps its sign; the largest floats stay finite in a spline. */
const specials: ElementwiseLaw = {
  name: 'special numbers',
  check: member => {
    const theta = member.theta()
    const run = (direction: 'forward' | 'inverse', bad: number): Image => member[direction](theta, fill([member.sets, 1], bad))
    ;(['forward', 'inverse'] as const).forEach(direction => {
      const nan = run(direction, NaN)
      assert(values(nan.out).every(Number.isNaN) && values(nan.logDeriv).every(Number.isNaN), () => `${direction} of NaN`)
      ;[Infinity, -Infinity].forEach(bad =>
        assert(
          values(run(direction, bad).out).every(v => v === bad || Number.isNaN(v)),
          () => `${direction} of ${bad}`,
        ),
      )
      const largest = 3.4028234663852886e38
      if (member.name.startsWith('rationalQuadratic')) {
        const { out, logDeriv } = run(direction, largest)
        assert(values(out).every(v => v === largest) && values(logDeriv).every(v => v === 0), () => `${direction} of the largest float`)
      }
    })
    const nanTheta = mul(theta, NaN)
    const { out, logDeriv } = member.forward(nanTheta, fill([member.sets, 1], 0.5))
    assert(
      member.name.includes('of 1 bins') || values(logDeriv).every(v => Number.isNaN(v) || member.name.startsWith('additive')),
      () => 'NaN in theta: log-derivative',
    )
    assert(member.name.includes('of 1 bins') || values(out).every(Number.isNaN), () => 'NaN in theta: value')
  },
}

export const transformerLaws: ReadonlyArray<ElementwiseLaw> = [
  roundTrip,
  residual,
  agreement,
  logDerivative,
  oracleItself,
  antisymmetry,
  identityAtZero,
  monotone,
  anyTheta,
  gradients,
  specials,
]
