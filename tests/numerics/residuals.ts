import { machineEpsilon, nextDown, nextUp } from '../laws/oracle/float32.ts'
import type { Oracle, Outputs } from './oracle.ts'

/** What inverses are judged by: the places x' that they found for ys. */
export interface Asked {
  readonly ys: ReadonlyArray<number>
  readonly xs: ArrayLike<number>
  readonly xScale: number
  readonly yScale: number
  readonly apart: (a: number, b: number) => number
  /** y and log f' in float64, for so many x. */
  readonly oracle: (count: number) => Oracle
  readonly given: ReadonlyArray<ArrayLike<number>>
  /** The first of two maps, where f is g after h: h and log h'. */
  readonly inner: ((x: ArrayLike<number>) => Outputs) | undefined
}

/** How many places are judged at once by rounded coefficients, and how often these are rounded. */
const chunk = 128
const roundings = 12

/** Numbers in [0, 1), the same in each run (Park and Miller 1988). */
const pseudoRandom = (): (() => number) => {
  let state = 1
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}

/**
 * The largest condition-normalized residuals.
 *
 *   exact     |f(x') - y| / (eps (|y| + B + f'(x') (|x'| + B))), f in float64; f' the largest at x' and its two neighbours, since a slope may change
 *             a thousandfold from one float to the next. Of g after h, eps g' (|h| + B) is allowed as well: the rounding of what stands between them
 *   rounded   the same, but f is any of those whose coefficients, which do not depend on x, are rounded to float32 at every step, up or down: how far y lies
 *             from what they reach
 */
export const residualsOf = (asked: Asked, isRounded: boolean): { readonly exact: number; readonly rounded: number } => {
  const { ys, xs, given, oracle } = asked
  const all = ys.map((_, i) => i)
  const whole = oracle(ys.length)
  const first = sharesOf(asked, all, [whole.exact(given, xs)], [])
  const sides = first.some(share => !(share <= 1)) ? [nextDown, nextUp].map(step => whole.exact(given, Array.from(xs, step))) : []
  const exact = sides.length === 0 ? first : sharesOf(asked, all, [whole.exact(given, xs)], sides)
  const most = largest(exact)
  if (!isRounded || most <= 1) return { exact: most, rounded: most }
  const doubtful = all.filter(i => !(exact[i]! <= 1))
  const random = pseudoRandom()
  const some = oracle(chunk)
  const judged = Array.from({ length: Math.ceil(doubtful.length / chunk) }, (_, n) => {
    const at = Array.from({ length: chunk }, (_i, i) => doubtful[n * chunk + i] ?? doubtful.at(-1)!)
    const x = at.map(i => xs[i]!)
    const maps = [some.exact(given, x), ...Array.from({ length: roundings }, () => some.rounded(given, x, random))]
    const steps = [nextDown, nextUp].map(step => some.exact(given, x.map(step)))
    return sharesOf(asked, at, maps, steps)
  })
  return { exact: most, rounded: Math.max(largest(exact.filter(share => share <= 1)), ...judged.map(largest)) }
}

const largest = (shares: ReadonlyArray<number>): number => shares.reduce((most, share) => (share <= most ? most : share), 0)

/** The residuals at some places, by the nearest of some maps and the steepest of these and of others. */
const sharesOf = (
  { ys, xs, xScale, yScale, apart, inner }: Asked,
  at: ReadonlyArray<number>,
  maps: ReadonlyArray<Outputs>,
  others: ReadonlyArray<Outputs>,
): ReadonlyArray<number> => {
  const middle = inner?.(at.map(i => xs[i]!))
  return at.map((i, k) => {
    const [y, x] = [ys[i]!, xs[i]!]
    const logSlope = Math.max(...[...maps, ...others].map(([, logs]) => logs![k]!))
    const offs = maps.map(([values]) => apart(values![k]!, y))
    const off = Math.min(...offs) <= 0 && Math.max(...offs) >= 0 ? 0 : Math.min(...offs.map(Math.abs))
    const between = middle === undefined ? 0 : Math.exp(logSlope - middle[1]![k]!) * (Math.abs(middle[0]![k]!) + yScale)
    return off / (machineEpsilon * (Math.abs(y) + yScale + Math.exp(logSlope) * (Math.abs(x) + xScale) + between))
  })
}
