import { key, leaves, mapTree, tidy } from '@diffeo/core'
import type { Params, Support, Transformer } from '@diffeo/core'
import { jit, trace } from '@diffeo/program'
import type { Tracers } from '@diffeo/program'
import { broadcastTo, mul, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { drawn, perturbed, values } from '../laws/draws.ts'
import { machineEpsilon, nextDown, nextUp } from '../laws/oracle/float32.ts'
import { transformerOf } from '../laws/parts.ts'
import { bound } from './members.ts'
import type { NumericsMember } from './members.ts'
import { oracleOf } from './oracle.ts'
import type { Oracle } from './oracle.ts'
import { residualsOf } from './residuals.ts'
import type { Asked } from './residuals.ts'

/** What is measured of one transformer: over all sets of parameters, the largest errors, and how many values are wrong. */
export interface Measured {
  /** |x' - x| / max(|x|, 1), x' the inverse of the value at x. */
  roundTrip: number
  /** |f(x') - y| / (eps (|y| + B + f'(x') (|x'| + B))), x' the inverse at y, f in float64 with coefficients as float32 may have them. */
  residual: number
  /** The same with f in float64 from theta on. */
  fromTheta: number
  /** Values and log-derivatives of either direction that are not finite. */
  nonfinite: number
  /** Neighbours in x whose values fall by more than 16 roundings of the largest value. */
  falling: number
}

/** How many sets of parameters, how large, and how many points of the grid; values compiled, or by eager ops. */
export interface Extent {
  readonly sets: number
  readonly spread: number
  readonly points: number
  readonly isEager?: boolean
}

interface Grid {
  readonly grid: ReadonlyArray<number>
  /** B: the half-width of the grid, or the largest number of a support. */
  readonly scale: number
}

/** Evenly spaced numbers that stop short of the ends of a support; on [-bound, bound] of what has none. */
const gridOf = (support: Support, points: number): Grid => {
  const [low, high] = endsOf(support)
  const half = (high - low) / 2
  return {
    grid: Array.from({ length: points }, (_, i) => Math.fround((low + high) / 2 + (4.999 / 5) * half * ((2 * i) / (points - 1) - 1))),
    scale: Math.max(Math.abs(low), Math.abs(high)),
  }
}

const endsOf = (support: Support): readonly [number, number] => {
  switch (support._tag) {
    case 'positive':
      return [0, 2 * bound]
    case 'interval':
      return [support.low, Math.min(support.high, support.low + 2 * bound)]
    case 'circle':
      return [-Math.PI, Math.PI]
    default:
      return [-bound, bound]
  }
}

const beside = (numbers: ReadonlyArray<number>): ReadonlyArray<number> => numbers.flatMap(v => [nextDown(v), v, nextUp(v)])

/** The grid, then the edges, 0 and the knots, each with its neighbours; what lies off the support is a number of the grid. */
const pointsOf = (support: Support, { grid }: Grid, knots: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [low, high] = support._tag === 'real' ? [-Infinity, Infinity] : endsOf(support)
  const isWithin = (v: number): boolean => (support._tag === 'circle' ? v >= low && v <= high : v > low && v < high)
  return [...grid, ...beside([-bound, bound, 0, ...knots]).map(v => (isWithin(v) ? v : grid[0]!))]
}

/** Both ways of a transformer: those of given coefficients, or from theta on. */
type Ways = Pick<Transformer, 'forward' | 'inverse'>

interface Compiled {
  readonly forward: (params: Params, theta: Tensor, at: Tensor) => { readonly out: Tensor; readonly logDeriv: Tensor }
  readonly inverse: Compiled['forward']
}

const compiled = ({ forward, inverse }: Ways, isEager: boolean): Compiled => {
  const ways: Compiled = {
    forward: (params, theta, at) => {
      const { y, logDeriv } = forward(params, theta, at)
      return { out: y, logDeriv }
    },
    inverse: (params, theta, at) => {
      const { x, logDeriv } = inverse(params, theta, at)
      return { out: x, logDeriv }
    },
  }
  const quiet = { warn: () => undefined }
  type Traceable = (params: Params, theta: Tensor, at: Tensor) => Params
  const asJit = (way: Compiled['forward']): Compiled['forward'] => jit(way as unknown as Traceable, quiet) as unknown as Compiled['forward']
  return isEager ? ways : { forward: asJit(ways.forward), inverse: asJit(ways.inverse) }
}

/** y and log f' of a transformer in float64, at so many x. */
export const oracleFor =
  ({ forward }: Pick<Ways, 'forward'>, params: Params, size: number) =>
  (count: number): Oracle => {
    const shapes = [params, { shape: [1, 1, size], dtype: 'float32' }, { shape: [1, count], dtype: 'float32' }] as const
    const run = (p: Params, theta: Tensor, x: Tensor): Tensor[] => {
      const { y, logDeriv } = forward(p, theta, x)
      return [y, logDeriv]
    }
    return oracleOf(trace(run as unknown as (...args: Tracers<typeof shapes>) => Tensor[], ...shapes).program)
  }

const distance = (support: Support): ((a: number, b: number) => number) =>
  support._tag === 'circle' ? (a, b) => a - b - 2 * Math.PI * Math.round((a - b) / (2 * Math.PI)) : (a, b) => a - b

/** Measures a transformer on the grids. */
export const measured = (member: NumericsMember, { sets, spread, points, isEager = false }: Extent): Measured => {
  const transformer = transformerOf(member.spec)
  const { size, domain, range } = transformer
  const [xGrid, yGrid] = [gridOf(domain, points), gridOf(range, points)]
  const ways = compiled(transformer, isEager)
  const through = member.coefficients
  const throughWays = through && compiled(through, isEager)
  const apart = distance(range)
  const found: Measured = { roundTrip: 0, residual: 0, fromTheta: 0, nonfinite: 0, falling: 0 }
  const asked = { xScale: xGrid.scale, yScale: yGrid.scale, apart }
  for (let draw = 0; draw < (size === 0 ? 1 : Math.min(sets, member.most ?? sets)); draw++)
    tidy(() => {
      const params = mapTree(leaf => mul(leaf, spread), perturbed(transformer.init(key(draw)), 100 + draw, member.spread ?? 0))
      const row = [...values(drawn([1, size], 1000 + draw, spread))]
      const knots = member.knots?.(row) ?? []
      const xs = pointsOf(domain, xGrid, knots)
      const at = (numbers: ReadonlyArray<number>): Tensor => tensor([...numbers], [1, xs.length])
      // a row of theta for every x, as layers have it
      const theta = broadcastTo(tensor(row, [1, 1, size]), [1, xs.length, size])
      const there = ways.forward(params, theta, at(xs))
      const back = ways.inverse(params, theta, there.out)
      const [outs, backs] = [values(there.out), values(back.out)]
      const ys = pointsOf(
        range,
        yGrid,
        [...outs.subarray(points + 9)].filter((_, i) => i % 3 === 1),
      )
      const root = ways.inverse(params, theta, at(ys))
      const parts = [there.out, there.logDeriv, back.out, back.logDeriv, root.out, root.logDeriv]
      found.nonfinite += parts.reduce((n, part) => n + values(part).filter(v => !Number.isFinite(v)).length, 0)
      xs.forEach(
        (x, i) => (found.roundTrip = Math.max(found.roundTrip, Math.abs(distance(domain)(backs[i]!, x)) / Math.max(1, Math.abs(x)))),
      )
      if (range._tag !== 'circle') found.falling += fallsOf(xs, outs)
      const given = [...leaves<Tensor>(params).map(values), row]
      const ask: Asked = {
        ...asked,
        ys,
        xs: values(root.out),
        oracle: oracleFor(transformer, params, size),
        given,
        inner: innerOf(member, row),
      }
      const { exact, rounded } = residualsOf(ask, through === undefined)
      found.fromTheta = Math.max(found.fromTheta, exact)
      if (through === undefined || throughWays === undefined) {
        found.residual = Math.max(found.residual, rounded)
        return []
      }
      const coefficients = through.of(tensor(row, [1, 1, size]), params)
      const none = tensor([], [1, 1, 0])
      const images = [...values(throughWays.forward(coefficients, none, at(xs)).out).subarray(points + 9)].filter((_, i) => i % 3 === 1)
      const targets = pointsOf(range, yGrid, images)
      const again = residualsOf(
        {
          ...asked,
          ys: targets,
          xs: values(throughWays.inverse(coefficients, none, at(targets)).out),
          oracle: oracleFor(through, coefficients, 0),
          given: [...leaves<Tensor>(coefficients).map(values), []],
          inner: undefined,
        },
        false,
      )
      found.residual = Math.max(found.residual, again.exact)
      return []
    })
  return found
}

const fallsOf = (xs: ReadonlyArray<number>, outs: ArrayLike<number>): number => {
  const order = xs.map((_, i) => i).sort((i, j) => xs[i]! - xs[j]!)
  const slack = 16 * machineEpsilon * xs.reduce((most, _, i) => Math.max(most, Math.abs(outs[i]!)), 0)
  return order.filter((at, i) => i > 0 && outs[at]! < outs[order[i - 1]!]! - slack).length
}

/** The first map of a composition, in float64. */
const innerOf = (member: NumericsMember, row: ReadonlyArray<number>): Asked['inner'] => {
  if (member.inner === undefined) return undefined
  const { spec, theta } = member.inner(row)
  const transformer = transformerOf(spec)
  const oracle = oracleFor(transformer, {}, transformer.size)
  return (x: ArrayLike<number>) => oracle(x.length).exact([theta], x)
}
