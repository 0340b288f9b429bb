import {
  cauchyCdf,
  exp,
  expm1,
  gumbelCdf,
  identity,
  inverseOf,
  leakyRelu,
  leakyTanh,
  log,
  log1p,
  logTanh,
  logit,
  normalCdf,
  positive,
  power,
  sigmoid,
  signedPower,
  sinh,
  sinhArcsinh,
  softplus,
  tanh,
} from '@diffeo/core'
import type { Transformer, TransformerSpec } from '@diffeo/core'
import { add, expandDims, sum, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { assert, values } from './draws.ts'
import { executed, grad } from './execution.ts'
import type { Law } from './law.ts'
import { machineEpsilon, nextDown, nextUp } from './oracle/float32.ts'
import {
  cauchyCdfMap,
  expMap,
  expm1Map,
  gumbelCdfMap,
  inverseMap,
  leakyReluMap,
  leakyTanhMap,
  logTanhMap,
  normalCdfMap,
  powerMap,
  sigmoidMap,
  sinhArcsinhMap,
  sinhMap,
  softplusMap,
  tanhMap,
} from './oracle/fixed-maps.ts'
import type { ScalarMap } from './oracle/maps.ts'
import { transformerOf } from './parts.ts'

/** A map without parameters, or at one theta, and the numbers that it is looked at on. */
export interface MapMember {
  readonly name: string
  readonly transformer: Transformer
  readonly theta: ReadonlyArray<number>
  readonly map: ScalarMap
  readonly xs: ReadonlyArray<number>
  readonly ys: ReadonlyArray<number>
  /** The sizes against which the rounding of x and of y is measured: 0 where numbers near 0 keep their digits. */
  readonly xScale: number
  readonly yScale: number
}

const grid = (low: number, high: number, count = 101): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => Math.fround(low + ((high - low) * i) / (count - 1)))

/** Numbers of every size of one sign. */
const sizes = (least: number, most: number, sign = 1): ReadonlyArray<number> =>
  grid(Math.log(least), Math.log(most)).map(v => Math.fround(sign * Math.exp(v)))

const besides = (edge: number): ReadonlyArray<number> => [nextDown(edge), edge, nextUp(edge)]

const line = (reach: number): ReadonlyArray<number> => [...grid(-reach, reach), ...grid(-3, 3), 0, -0, 1e-40, 1e-10, -1e-10]
const farLine = (most: number): ReadonlyArray<number> => [...line(5), ...sizes(5, most), ...sizes(5, most, -1)]
const unit: ReadonlyArray<number> = [...grid(0.01, 0.99), ...sizes(1e-35, 0.01), ...grid(0.99, 1 - 2 ** -23)]
const halfLine = sizes(1e-37, 1e38)

interface Ends {
  readonly xScale?: number
  readonly yScale?: number
  readonly theta?: ReadonlyArray<number>
}

const member = (
  name: string,
  spec: TransformerSpec,
  map: ScalarMap,
  xs: ReadonlyArray<number>,
  ys: ReadonlyArray<number>,
  { xScale = 1, yScale = 1, theta = [] }: Ends = {},
): MapMember => ({ name, transformer: transformerOf(spec), theta, map, xs, ys, xScale, yScale })

const twisted = ([skewness, log]: readonly [number, number]): MapMember =>
  member(`sinhArcsinh at ${skewness}, ${log}`, sinhArcsinh(), sinhArcsinhMap([skewness, log]), farLine(1e6), farLine(1e6), {
    theta: [skewness, log],
  })

const identityMap: ScalarMap = { value: x => x, logDeriv: () => 0, inverse: y => y }

export const mapMembers: ReadonlyArray<MapMember> = [
  member('exp', exp(), expMap, line(86), halfLine, { yScale: 0 }),
  member('log', log(), inverseMap(expMap), halfLine, line(86), { xScale: 0 }),
  member('expm1', expm1(), expm1Map, [...grid(-14, 85), ...line(3)], [...grid(-0.9999, 5), ...sizes(1e-30, 1e37)]),
  member('log1p', log1p(), inverseMap(expm1Map), [...grid(-0.9999, 5), ...sizes(1e-30, 1e37)], [...grid(-14, 85), ...line(3)]),
  member('softplus', softplus(), softplusMap, [...line(85), ...sizes(85, 1e30)], halfLine, { yScale: 0 }),
  member('inverse of softplus', inverseOf(softplus()), inverseMap(softplusMap), halfLine, [...line(85), ...sizes(85, 1e30)], { xScale: 0 }),
  member('sigmoid', sigmoid(), sigmoidMap(0, 1), [...grid(-85, 15), ...line(3)], unit, { yScale: 0 }),
  member('sigmoid onto (-2, 5)', sigmoid({ low: -2, high: 5 }), sigmoidMap(-2, 5), line(12), grid(-1.9999, 4.9999)),
  member('logit', logit(), inverseMap(sigmoidMap(0, 1)), unit, [...grid(-85, 15), ...line(3)], { xScale: 0 }),
  member('tanh', tanh(), tanhMap, line(7), [...grid(-0.99999, 0.99999), ...sizes(1e-30, 1e-3)]),
  member('leakyTanh', leakyTanh(), leakyTanhMap(3), [...farLine(1e30), ...besides(3), ...besides(-3)], farLine(1e25)),
  member('leakyTanh from 1', leakyTanh({ bound: 1 }), leakyTanhMap(1), [...farLine(1e30), ...besides(1)], farLine(1e25)),
  member('logTanh', logTanh(), logTanhMap(1), [...farLine(1e30), ...besides(1), ...besides(-1)], line(25)),
  member('logTanh from 2', logTanh({ cut: 2 }), logTanhMap(2), [...farLine(1e30), ...besides(2)], line(9)),
  member('leakyRelu', leakyRelu(), leakyReluMap(0.01), farLine(1e30), farLine(1e30), { xScale: 1e-38, yScale: 1e-38 }),
  member('power 3', power({ exponent: 3 }), powerMap(3), sizes(1e-12, 1e12), sizes(1e-36, 1e36), { xScale: 0, yScale: 0 }),
  member('power 0.5', power({ exponent: 0.5 }), powerMap(0.5), halfLine, sizes(1e-18, 1e18), { xScale: 0, yScale: 0 }),
  member(
    'signedPower 2',
    signedPower(),
    powerMap(2),
    [...sizes(1e-11, 1e15), ...sizes(1e-11, 1e15, -1)],
    [...sizes(1e-20, 1e30), ...sizes(1e-20, 1e30, -1)],
    { xScale: 0, yScale: 0 },
  ),
  member('sinh', sinh(), sinhMap, line(85), farLine(1e36)),
  member('inverse of sinh', inverseOf(sinh()), inverseMap(sinhMap), farLine(1e36), line(85)),
  ...(
    [
      [0.5, 0.7],
      [-3, -1],
      [40, 40],
      [0, 0],
    ] as const
  ).map(twisted),
  member('normalCdf', normalCdf(), normalCdfMap, [...grid(-12, 5), ...line(1)], unit, { yScale: 0 }),
  member('inverse of normalCdf', inverseOf(normalCdf()), inverseMap(normalCdfMap), unit, [...grid(-12, 5), ...line(1)], { xScale: 0 }),
  member(
    'cauchyCdf',
    cauchyCdf(),
    cauchyCdfMap,
    [...line(5), ...sizes(5, 1e6), ...sizes(5, 1e17, -1)],
    unit.filter(y => y > 1e-17),
    { yScale: 0 },
  ),
  member('gumbelCdf', gumbelCdf(), gumbelCdfMap, [...grid(-4.4, 15), ...line(1)], unit, { yScale: 0 }),
  member('identity', identity({ support: positive }), identityMap, halfLine, halfLine),
]

type MapLaw = Law<MapMember>

interface Image {
  readonly out: Tensor
  readonly logDeriv: Tensor
}
type Direction = 'forward' | 'inverse'
const directions: ReadonlyArray<Direction> = ['forward', 'inverse']

const run = ({ transformer, theta }: MapMember, direction: Direction, x: Tensor): Image => {
  const numbers = expandDims(tensor([...theta], [1, transformer.size]), 1)
  if (direction === 'forward') {
    const { y, logDeriv } = transformer.forward({}, numbers, x)
    return { out: y, logDeriv }
  }
  const { x: out, logDeriv } = transformer.inverse({}, numbers, x)
  return { out, logDeriv }
}

const column = (xs: ReadonlyArray<number>): Tensor => tensor([...xs], [xs.length, 1])

/** The map of a direction, and the sizes of its two sides. */
const side = ({ map, xs, ys, xScale, yScale }: MapMember, direction: Direction): Pick<MapMember, 'map' | 'xs' | 'xScale' | 'yScale'> =>
  direction === 'forward' ? { map, xs, xScale, yScale } : { map: inverseMap(map), xs: ys, xScale: yScale, yScale: xScale }

const within = (error: number, bound: number, what: () => string): void =>
  assert(error <= bound, () => `${what()}: off by ${error}, allowed ${bound}`)

/** How much the log-derivative moves within the rounding of x. */
const slack = (map: ScalarMap, x: number, rounding: number): number => {
  const middle = map.logDeriv(x)
  const moved = [x - rounding, x + rounding].map(v => Math.abs(map.logDeriv(v) - middle)).filter(Number.isFinite)
  return Math.max(0, ...moved)
}

/** y within 16 units of the last place of its own size, or of x's. */
const agreement: MapLaw = {
  name: 'values and log-derivatives against float64',
  check: m =>
    directions.forEach(direction => {
      const { map, xs, xScale, yScale } = side(m, direction)
      const { out, logDeriv } = executed((x: Tensor) => ({ ...run(m, direction, x) }), column(xs))
      const [outs, dets] = [values(out), values(logDeriv)]
      xs.forEach((x, i) => {
        const [y, d] = [map.value(x), map.logDeriv(x)]
        const bound = 16 * machineEpsilon * (Math.abs(y) + yScale + Math.exp(d) * (Math.abs(x) + xScale))
        within(Math.abs(outs[i]! - y), bound, () => `${direction} of ${x}: ${outs[i]} for ${y}`)
        const rounding = 16 * machineEpsilon * (Math.abs(x) + xScale)
        const slope = 2e-5 + 8 * machineEpsilon * Math.abs(d) + slack(map, x, rounding)
        within(Math.abs(dets[i]! - d), slope, () => `${direction}: log-derivative at ${x}, ${dets[i]} for ${d}`)
      })
    }),
}

const roundTrip: MapLaw = {
  name: 'round trip',
  check: m =>
    directions.forEach(direction => {
      const { map, xs, xScale, yScale } = side(m, direction)
      const back = direction === 'forward' ? 'inverse' : 'forward'
      const there = executed((x: Tensor) => run(m, direction, x).out, column(xs))
      const [ys, home] = [values(there), values(executed((y: Tensor) => run(m, back, y).out, there))]
      xs.forEach((x, i) => {
        const carried = (Math.abs(ys[i]!) + yScale) * Math.exp(-map.logDeriv(x))
        within(Math.abs(home[i]! - x), 32 * machineEpsilon * (Math.abs(x) + xScale + carried), () => `${direction} and back from ${x}`)
      })
    }),
}

const gradients: MapLaw = {
  name: 'gradients',
  check: m =>
    directions.forEach(direction => {
      const { map, xs, xScale } = side(m, direction)
      const by = (part: keyof Image): Float32Array => values(grad((x: Tensor) => sum(run(m, direction, x)[part]))(column(xs)))
      const slopes = by('out')
      assert(by('logDeriv').every(Number.isFinite), () => `${direction}: the gradient of the log-derivative is not finite`)
      xs.forEach((x, i) => {
        const d = map.logDeriv(x)
        if (!(Math.abs(d) < 80)) return
        const bound = 1e-4 + 2 * slack(map, x, 32 * machineEpsilon * (Math.abs(x) + xScale))
        within(Math.abs(slopes[i]! / Math.exp(d) - 1), bound, () => `${direction}: gradient ${slopes[i]} for ${Math.exp(d)} at ${x}`)
      })
    }),
}

const monotone: MapLaw = {
  name: 'increasing',
  check: m =>
    directions.forEach(direction => {
      const { map, xs, yScale } = side(m, direction)
      const sorted = [...xs].sort((a, b) => a - b)
      const outs = values(executed((x: Tensor) => run(m, direction, x).out, column(sorted)))
      outs.forEach((y, i) => {
        if (i === 0) return
        const rounding = 8 * machineEpsilon * (Math.abs(y) + yScale)
        assert(y >= outs[i - 1]! - rounding, () => `${direction}: ${outs[i - 1]} then ${y} at ${sorted[i]}`)
        const rise = map.value(sorted[i]!) - map.value(sorted[i - 1]!)
        assert(rise <= 4 * rounding || y > outs[i - 1]!, () => `${direction}: ${y} twice at ${sorted[i - 1]}, ${sorted[i]}`)
      })
    }),
}

/** Whatever goes in: what comes out is finite and inside of its support, and NaN is NaN. */
const everywhere: MapLaw = {
  name: 'finite and inside of its support everywhere',
  check: m => {
    const all = [0, -0, 1e-40, 1, -1, 1e3, -1e3, 1e6, -1e6, 1e30, -1e30, 3.4e38, -3.4e38].filter(
      x => m.theta.length === 0 || Math.abs(x) < 1e31,
    )
    directions.forEach(direction => {
      const { out, logDeriv } = executed((x: Tensor) => ({ ...run(m, direction, x) }), column(all))
      const support = direction === 'forward' ? m.transformer.range : m.transformer.domain
      const [low, high] =
        support._tag === 'positive' ? [0, Infinity] : support._tag === 'interval' ? [support.low, support.high] : [-Infinity, Infinity]
      const [outs, dets] = [values(out), values(logDeriv)]
      all.forEach((x, i) => {
        const isIn = m.name === 'identity' || (outs[i]! > low && outs[i]! < high)
        assert(Number.isFinite(outs[i]) && isIn, () => `${direction} of ${x}: ${outs[i]}`)
        assert(Number.isFinite(dets[i]), () => `${direction} of ${x}: log-derivative ${dets[i]}`)
      })
      const grads = grad((x: Tensor) => {
        const image = run(m, direction, x)
        return add(sum(image.out), sum(image.logDeriv))
      })(column(all.filter(x => Math.abs(x) < 1e31)))
      assert(values(grads).every(Number.isFinite), () => `${direction}: gradient ${values(grads).join()}`)
      const nan = executed((x: Tensor) => ({ ...run(m, direction, x) }), column([NaN]))
      assert(Number.isNaN(values(nan.out)[0]) && Number.isNaN(values(nan.logDeriv)[0]), () => `${direction} of NaN`)
    })
  },
}

export const mapLaws: ReadonlyArray<MapLaw> = [agreement, roundTrip, gradients, monotone, everywhere]
