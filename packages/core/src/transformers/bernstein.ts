import {
  abs,
  add,
  cumsum,
  div,
  exp,
  expandDims,
  fill,
  lessEqual,
  log,
  mul,
  squeeze,
  sub,
  tensor1d,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { joined, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { bernsteinForm } from './bernstein-form.ts'
import { checkBound, checkCount } from './check-count.ts'
import { within } from './integral.ts'
import { fractions, innerSlopes } from './knots.ts'
import { numericallyInverted } from './numerical-inverse.ts'
import { withIdentityTails } from './pieces.ts'
import { columns } from './theta.ts'

/** How a Bernstein polynomial goes on beyond its interval. */
export type BernsteinTails = 'identity' | 'linear'

/** What `bernstein` returns. */
export type BernsteinSpec = TransformerSpec & {
  readonly _tag: 'bernstein'
  readonly coefficients: number
  readonly bound: number
  readonly tails: BernsteinTails
}

/**
 * A Bernstein polynomial with rising coefficients on [-bound, bound] (Sick et al. 2020, eq. 8; zuko):
 *
 *   y = sum_i c_i binom(M, i) t^i (1 - t)^(M - i),   t = (x + bound) / (2 bound)
 *
 * With tails `identity` its values and first two derivatives are those of the identity at +-bound (M = coefficients + 4); with tails `linear` the ends of the
 * interval go where they like, and the second derivative is 0 there (M = coefficients + 1). Inverted numerically.
 *
 * theta [N, ...event, coefficients]: the rises from one c to the next, unconstrained; with tails `linear` the first is the value at -bound, less -bound.
 * Zeros give the identity.
 *
 * @param coefficients free numbers for each dimension, at least 2
 * @param bound        half-width of the interval, in the units of x
 * @example autoregressive(made({ hidden: [64, 64] }), bernstein({ coefficients: 17 }))
 * @see https://arxiv.org/abs/2004.00464
 */
export const bernstein = ({
  coefficients = 17,
  bound = 5,
  tails = 'identity',
}: { readonly coefficients?: number; readonly bound?: number; readonly tails?: BernsteinTails } = {}): BernsteinSpec => ({
  _tag: 'bernstein',
  coefficients,
  bound,
  tails,
})

/** The first coefficient, less -bound, and the rises after it. */
interface Rises {
  readonly first: Tensor
  readonly rises: Tensor
}

const bounded = (theta: Tensor, { coefficients, bound }: BernsteinSpec): Rises => {
  const outer = (2 * bound) / (coefficients + 4)
  const end = fill([...theta.shape.slice(0, -1), 2], outer)
  const inner = mul(fractions('softclip', theta, coefficients, bound), 2 * bound - 4 * outer)
  return { first: zeros([...theta.shape.slice(0, -1), 1]), rises: joined([end, inner, end], -1) }
}

const free = (theta: Tensor, { coefficients, bound }: BernsteinSpec): Rises => {
  const count = coefficients - 1
  const inner = mul(innerSlopes('softmax', columns(theta, 1, count)), (2 * bound) / (coefficients + 1))
  return { first: columns(theta, 0, 1), rises: joined([columns(inner, 0, 1), inner, columns(inner, count - 1, 1)], -1) }
}

/**
 * The polynomial and the logarithm of its derivative at x in [-bound, bound]. Coefficients that rise evenly make x itself: what they differ by makes the
 * rest, with less rounding.
 */
const polynomialAt = (given: Rises, x: Tensor, bound: number): Sloped => {
  const { rises } = given
  const [t, rest] = fractionsOf(x, bound)
  const y = add(add(x, bernsteinForm(differencesOf(rises, bound), t, rest)), squeeze(given.first, [-1]))
  return { y, logDeriv: add(log(bernsteinForm(rises, t, rest)), Math.log(rises.shape.at(-1)! / (2 * bound))) }
}

const fractionsOf = (x: Tensor, bound: number): readonly [Tensor, Tensor] => [div(add(x, bound), 2 * bound), div(sub(bound, x), 2 * bound)]

/** What the coefficients are beyond the first one and those that rise evenly from -bound to bound. */
const differencesOf = (rises: Tensor, bound: number): Tensor => {
  const none = zeros([...rises.shape.slice(0, -1), 1])
  return joined([none, cumsum(sub(rises, (2 * bound) / rises.shape.at(-1)!), rises.rank - 1)], -1)
}

/** y less the polynomial at x in [-bound, bound], as the polynomial of what y is beyond each coefficient: near the root all that has weight is small. */
const errorAt = (given: Rises, x: Tensor, y: Tensor, bound: number): Tensor => {
  const degree = given.rises.shape.at(-1)!
  const even = tensor1d(Array.from({ length: degree + 1 }, (_, i) => bound * ((2 * i) / degree - 1)))
  const [t, rest] = fractionsOf(x, bound)
  return bernsteinForm(sub(sub(sub(expandDims(y, -1), given.first), even), differencesOf(given.rises, bound)), t, rest)
}

export const bernsteinTransformer = (spec: BernsteinSpec): Transformer<Record<string, never>> => {
  const { coefficients, bound, tails } = spec
  const linear = (theta: Tensor, x: Tensor): Sloped => {
    const { at, beyond } = within(x, bound)
    const { y, logDeriv } = polynomialAt(free(theta, spec), at, bound)
    return { y: add(y, mul(exp(logDeriv), beyond)), logDeriv: add(logDeriv, zeroUnlessNaN(beyond)) }
  }
  /** Beyond the interval, where values round but once, it is 0. */
  const error = (theta: Tensor, x: Tensor, y: Tensor): Tensor => {
    const isInside = lessEqual(abs(x), bound)
    const [xIn, yIn] = [where(isInside, x, zerosLike(x)), where(isInside, y, zerosLike(y))]
    const inside = errorAt(tails === 'linear' ? free(theta, spec) : bounded(theta, spec), xIn, yIn, bound)
    return where(isInside, inside, zerosLike(inside))
  }
  return numericallyInverted({
    spec,
    size: coefficients,
    error: (_, theta, x, y) => error(theta, x, y),
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) =>
      tails === 'linear' ? linear(theta, x) : withIdentityTails(x, bound, at => polynomialAt(bounded(theta, spec), at, bound)),
  })
}

export const bernsteinEntry: TransformerEntry<BernsteinSpec> = {
  tag: 'bernstein',
  build: (spec, site) => {
    checkCount('coefficients', spec.coefficients, [2, 99], site)
    checkBound(spec.bound, site)
    if (spec.tails !== 'identity' && spec.tails !== 'linear')
      throw new RangeError(`build: expected one of identity, linear, got ${String(spec.tails)} at ${showPath([...site.path, 'tails'])}`)
    return bernsteinTransformer(spec)
  },
}
