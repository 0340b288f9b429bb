import type { KnotMap, ScaleMap } from '@diffeo/core'

/** Float64 formulas of the transformers, written anew in plain numbers: what the laws measure float32 against. */
export interface ScalarMap {
  value(x: number): number
  /** log dy/dx at x. */
  logDeriv(x: number): number
  inverse(y: number): number
  /** Maps that an implementation may mean as well: those with knots a few units of the last place apart. */
  readonly around?: ReadonlyArray<ScalarMap>
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const softclip = (x: number, limit: number): number => x / (1 + Math.abs(x) / limit)
const clamp = (x: number, limit: number): number => Math.min(limit, Math.max(-limit, x))
const limit = Math.log(1e3)

const logScale = (map: ScaleMap, x: number, smallest = 1e-3): number => {
  const most = -Math.log(smallest)
  switch (map) {
    case 'softclip':
      return softclip(x, most)
    case 'exp':
      return clamp(x, most)
    case 'softplus':
      return Math.log(smallest + softplus(x + Math.log(Math.expm1(1 - smallest))))
    case 'sigmoid':
      return Math.log(smallest + (2 - 2 * smallest) / (1 + Math.exp(-x)))
    case 'tanh':
      return most * Math.tanh(x / most)
  }
}

const linear = (shift: number, log: number): ScalarMap => ({
  value: x => x * Math.exp(log) + shift,
  logDeriv: () => log,
  inverse: y => (y - shift) * Math.exp(-log),
})

export const additiveMap = (theta: ReadonlyArray<number>): ScalarMap => linear(theta[0]!, 0)
export const affineMap = (map: ScaleMap, theta: ReadonlyArray<number>, smallest?: number): ScalarMap =>
  linear(theta[0]!, logScale(map, theta[1]!, smallest))
export const scaleMap = (map: ScaleMap, theta: ReadonlyArray<number>): ScalarMap => linear(0, logScale(map, theta[0]!))

export interface KnotNumbers {
  readonly x: ReadonlyArray<number>
  readonly y: ReadonlyArray<number>
  readonly slopes: ReadonlyArray<number>
}

const softmax = (logits: ReadonlyArray<number>): ReadonlyArray<number> => {
  const largest = Math.max(...logits)
  const powers = logits.map(v => Math.exp(v - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map(v => v / sum)
}

/** theta [3 K - 1] to knots, as zuko (softclip), nflows (softmax) and distrax do it. */
export const knotNumbers = (map: KnotMap, theta: ReadonlyArray<number>, bins: number, bound: number): KnotNumbers => {
  const shares = (free: ReadonlyArray<number>): ReadonlyArray<number> => {
    if (map === 'softclip') return softmax(free.map(v => softclip(v, limit / 2)))
    const least = map === 'softmax' ? 1e-3 : Math.min(1e-3, Math.max(1e-6, 1e-4 / (2 * bound)))
    return softmax(free).map(v => least + (1 - least * bins) * v)
  }
  const positions = (free: ReadonlyArray<number>): ReadonlyArray<number> => {
    const all = shares(free)
    return [-bound, ...all.slice(0, -1).map((_, i) => 2 * bound * all.slice(0, i + 1).reduce((a, b) => a + b, 0) - bound), bound]
  }
  const slope = (v: number): number => {
    if (map === 'softclip') return Math.exp(softclip(v, limit))
    const least = map === 'softmax' ? 1e-3 : 1e-4
    return least + softplus(v + Math.log(Math.expm1(1 - least)))
  }
  return {
    x: positions(theta.slice(0, bins)),
    y: positions(theta.slice(bins, 2 * bins)),
    slopes: [1, ...theta.slice(2 * bins).map(slope), 1],
  }
}

/** Durkan et al. 2019, eq. 4 and 5; the inverse by bisection, which shares nothing with eq. 6 to 8. */
export const splineMap = ({ x: xs, y: ys, slopes }: KnotNumbers): ScalarMap => {
  const last = xs.length - 2
  const binOf = (edges: ReadonlyArray<number>, v: number): number => {
    const above = edges.findIndex(edge => edge > v)
    return above < 0 ? last : Math.max(0, above - 1)
  }
  const outside = (edges: ReadonlyArray<number>, v: number): boolean => v < edges[0]! || v > edges.at(-1)!
  const inBin = (k: number, xi: number): { readonly value: number; readonly logDeriv: number } => {
    const [width, height] = [xs[k + 1]! - xs[k]!, ys[k + 1]! - ys[k]!]
    const [s, d0, d1, rest] = [height / width, slopes[k]!, slopes[k + 1]!, 1 - xi]
    const denominator = s + (d1 + d0 - 2 * s) * xi * rest
    return {
      value: ys[k]! + (height * (s * xi ** 2 + d0 * xi * rest)) / denominator,
      logDeriv: Math.log((s ** 2 * (d1 * xi ** 2 + 2 * s * xi * rest + d0 * rest ** 2)) / denominator ** 2),
    }
  }
  const at = (x: number): { readonly value: number; readonly logDeriv: number } => {
    if (outside(xs, x)) return { value: x, logDeriv: 0 }
    const k = binOf(xs, x)
    return inBin(k, (x - xs[k]!) / (xs[k + 1]! - xs[k]!))
  }
  return {
    value: x => at(x).value,
    logDeriv: x => at(x).logDeriv,
    inverse: y => {
      if (outside(ys, y)) return y
      const k = binOf(ys, y)
      let [low, high] = [0, 1]
      for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2
        if (inBin(k, middle).value < y) low = middle
        else high = middle
      }
      return xs[k]! + ((low + high) / 2) * (xs[k + 1]! - xs[k]!)
    },
  }
}

/** Knots with those inside moved by a distance, and slopes by a factor: up and down in turns, so that bins grow and shrink, or all one way. */
const shifted = ({ x, y, slopes }: KnotNumbers, pattern: number, distance: number, factor: number): KnotNumbers => {
  const inside = (list: ReadonlyArray<number>, turned: boolean, move: (v: number, s: number) => number): ReadonlyArray<number> =>
    list.map((v, i) => (i === 0 || i === list.length - 1 ? v : move(v, (pattern < 4 && i % 2 === 0) === turned ? 1 : -1)))
  return {
    x: inside(x, pattern % 2 === 0, (v, s) => v + s * distance),
    y: inside(y, pattern % 4 < 2, (v, s) => v + s * distance),
    slopes: inside(slopes, pattern % 4 < 2, (v, s) => v * (1 + s * factor)),
  }
}

/** `splineMap` of the first knots, with that of the others and the maps whose knots lie this far away. */
export const splineMapAround = (
  [knots, ...others]: readonly [KnotNumbers, ...KnotNumbers[]],
  distance: number,
  factor: number,
): ScalarMap => ({
  ...splineMap(knots),
  around: [...others, ...[0, 1, 2, 3, 4, 5, 6, 7].map(pattern => shifted(knots, pattern, distance, factor))].map(splineMap),
})

/** How far a number of a map lies from those of the maps around it. */
export const reach = (map: ScalarMap, number: (map: ScalarMap) => number): number => {
  if (map.around === undefined) return 0
  const middle = number(map)
  return 2 * map.around.reduce((most, other) => Math.max(most, Math.abs(number(other) - middle)), 0)
}
