import { add, div, expandDims, log, maximum, minimum, mul, neg, reshape, sigmoid, sqrt, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { joined, tidy } from '../tensor.ts'
import { knotsOf } from './knots.ts'
import type { Knots } from './knots.ts'
import { between, checkSpline, fractionOf, pieceAt, withIdentityTails } from './pieces.ts'
import type { Fraction, SplineFields } from './pieces.ts'
import { columns } from './theta.ts'

/** What `linearRationalSpline` returns. */
export type LinearRationalSplineSpec = TransformerSpec & SplineFields & { readonly _tag: 'linearRationalSpline' }

/**
 * Monotone linear rational spline on [-bound, bound], the identity outside (Dolatabadi et al. 2020, algorithm 1): each bin is cut in two, and on each part
 * y is a quotient of two linear functions, so that neither direction needs a root.
 *
 * theta [N, ...event, 4 bins - 1]: widths, heights, inner slopes and where each bin is cut, unconstrained; zeros give the identity.
 *
 * @param bins  K >= 1
 * @param bound half-width of the interval, in the units of x
 * @param knots how theta becomes knots and slopes, see `knotsOf`
 * @example coupling(mlp({ hidden: [64, 64] }), linearRationalSpline({ bins: 8 }))
 * @see https://arxiv.org/abs/2001.05168
 */
export const linearRationalSpline = ({
  bins = 8,
  bound = 5,
  knots = 'softclip',
}: Partial<SplineFields> = {}): LinearRationalSplineSpec => ({ _tag: 'linearRationalSpline', bins, bound, knots })

/** The edges of the parts, [..., 2 K + 1], and for each part the quotient of the weights at its upper and its lower edge and the slope at its lower one, [..., 2 K]. */
interface Parts {
  readonly x: Tensor
  readonly y: Tensor
  readonly ratios: Tensor
  readonly slopes: Tensor
}

/** Bins are cut between 2.5 and 97.5 % of their width. */
const leastCut = 0.025

/** A rounding may put what lies between two numbers beyond one of them, and edges that fall would put inverses outside the bin. */
const kept = (value: Tensor, low: Tensor, high: Tensor): Tensor => maximum(low, minimum(value, high))

/** Algorithm 1, with a weight of 1 at every lower knot. `cuts` [..., K] are fractions of the bins' widths. */
export const linearRationalParts = ({ x, y, slopes }: Knots, cuts: Tensor): Parts => {
  const bins = cuts.shape.at(-1)!
  const ends = (table: Tensor): readonly [Tensor, Tensor] => [columns(table, 0, bins), columns(table, 1, bins)]
  const [[xa, xb], [ya, yb], [da, db]] = [ends(x), ends(y), ends(slopes)]
  const at = { xi: cuts, rest: sub(1, cuts) }
  const wb = sqrt(div(da, db))
  const wc = div(mul(add(mul(at.xi, da), mul(at.rest, mul(wb, db))), sub(xb, xa)), sub(yb, ya))
  const shifted = mul(at.xi, wb)
  const cut = { xi: div(shifted, add(at.rest, shifted)), rest: div(at.rest, add(at.rest, shifted)) }
  const yc = kept(between(ya, yb, cut), ya, yb)
  // cut.xi / at.xi times the bin's mean slope is the first part's; in a part as flat as a float is wide the edges would not tell
  const dc = div(mul(div(wb, add(at.rest, shifted)), div(sub(yb, ya), sub(xb, xa))), wc)
  const woven = (first: Tensor, second: Tensor): Tensor =>
    reshape(joined([expandDims(first, -1), expandDims(second, -1)], -1), [...cuts.shape.slice(0, -1), 2 * bins])
  const last = (table: Tensor): Tensor => columns(table, bins, 1)
  return {
    x: joined([woven(xa, kept(between(xa, xb, at), xa, xb)), last(x)], -1),
    y: joined([woven(ya, yc), last(y)], -1),
    ratios: woven(wc, div(wb, wc)),
    slopes: woven(da, dc),
  }
}

/** On a part with the quotient q, at a fraction xi of its width, y stands at q xi / (1 - xi + q xi) of its height. */
const moebius = ({ xi, rest }: Fraction, q: Tensor): Fraction => {
  const [up, all] = [mul(q, xi), add(rest, mul(q, xi))]
  return { xi: div(up, all), rest: div(rest, all) }
}

const run = ({ x, y, ratios, slopes }: Parts, at: Tensor, bound: number, isInverse: boolean): Sloped =>
  withIdentityTails(at, bound, inside => {
    const [from, to] = isInverse ? [y, x] : [x, y]
    const { low, high, own } = pieceAt(from, inside)
    const [a, b, c, d] = [low(from), high(from), low(to), high(to)]
    const q = isInverse ? div(1, own(ratios)) : own(ratios)
    const place = fractionOf(inside, a, b)
    const all = add(place.rest, mul(q, place.xi))
    const logSlope = log(own(slopes))
    return { y: between(c, d, moebius(place, q)), logDeriv: sub(isInverse ? neg(logSlope) : logSlope, mul(2, log(all))) }
  })

/** The spline at x. */
export const linearRationalForward = (parts: Parts, x: Tensor, bound: number): Sloped => run(parts, x, bound, false)

/** The inverse at y, and the log-derivative of the inverse: the same quotients turned round. */
export const linearRationalInverse = (parts: Parts, y: Tensor, bound: number): Sloped => run(parts, y, bound, true)

export const linearRationalSplineTransformer = (spec: LinearRationalSplineSpec): Transformer<Record<string, never>> => {
  const { bins, bound, knots } = spec
  const partsOf = (theta: Tensor): Parts =>
    linearRationalParts(
      knotsOf(knots, columns(theta, 0, 3 * bins - 1), bins, bound),
      add(leastCut, mul(1 - 2 * leastCut, sigmoid(columns(theta, 3 * bins - 1, bins)))),
    )
  return {
    spec,
    size: 4 * bins - 1,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, theta, x) => tidy(() => linearRationalForward(partsOf(theta), x, bound)),
    inverse: (_, theta, y) =>
      tidy(() => {
        const { y: x, logDeriv } = linearRationalInverse(partsOf(theta), y, bound)
        return { x, logDeriv }
      }),
  }
}

export const linearRationalSplineEntry: TransformerEntry<LinearRationalSplineSpec> = {
  tag: 'linearRationalSpline',
  build: (spec, site) => linearRationalSplineTransformer(checkSpline(spec, site)),
}
