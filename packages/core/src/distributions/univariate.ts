import {
  add,
  exp,
  fill,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  scalar,
  sub,
  tensor,
  where,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution, Params, ScalarSupport, Shape } from '../contracts.ts'
import type { Key } from '../random/key.ts'
import { uniform } from '../random/sample.ts'
import type { DistributionSite } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import type { Tails } from '../special/normal-tails.ts'
import { handle, sumEvent, tidy } from '../tensor.ts'
import { mapTree, showPath } from '../tree.ts'
import { checked } from './checked.ts'

/** Unconstrained numbers by name, each of the event's shape, or [N, ...event] where a row has its own. */
export type Leaves<L extends string = string> = { readonly [name in L]: Tensor }

/** A support of single real values. */
export type RealSupport = Exclude<ScalarSupport, { readonly _tag: 'categories' }>

/** A density of single values: formulas of unconstrained leaves, which broadcast against the values. */
export interface Univariate<L extends string = string> {
  readonly support: RealSupport
  /** Whether the ends of an interval have no density. */
  readonly isOpen?: boolean
  /** Unconstrained numbers to start from. */
  readonly start: { readonly [name in L]: number }
  /** The log-density of values on the support, which everything outside has been replaced by a point of. */
  density(leaves: Leaves<L>, x: Tensor): Tensor
  /** Values of a shape that the leaves broadcast to. */
  draw(leaves: Leaves<L>, key: Key, shape: Shape): Tensor
  /** The values whose median and spread `location` and `logScale` start from, where a batch is there to start from. */
  place?(x: number): number
  /** The probabilities below and above values of the support. */
  tails?(leaves: Leaves<L>, x: Tensor): Tails
  /** The values of such probabilities. */
  quantile?(leaves: Leaves<L>, tails: Tails): Tensor
}

/** Whether a distribution's parameters are trained, or numbers of its spec. */
export interface Trained {
  readonly trained?: boolean
}

/** A spec whose parameters may be trained. */
export type TrainedSpec = DistributionSpec & { readonly trained: boolean }

const univariates = new WeakMap<object, Univariate>()

/** The formulas of a distribution that `univariateDistribution` made; undefined for every other one. */
export const univariateOf = (distribution: object): Univariate | undefined => univariates.get(distribution)

/** Marks a distribution whose parameters are a univariate's leaves. */
export const withUnivariate = <D extends object, L extends string>(distribution: D, univariate: Univariate<L>): D => {
  univariates.set(distribution, univariate as unknown as Univariate) // it is given the leaves that its distribution has
  return distribution
}

/**
 * Independent values of one density, each with parameters of its own.
 *
 * @param spec  with `trained`, the parameters are leaves of the event's shape; else the numbers of the spec hold and there are none
 * @param shape the event's shape
 */
export const univariateDistribution = <L extends string>(spec: TrainedSpec, shape: Shape, plain: Univariate<L>): Distribution => {
  const names = Object.keys(plain.start) as ReadonlyArray<string> as ReadonlyArray<L>
  const each = <A>(f: (name: L) => A): { readonly [name in L]: A } =>
    Object.fromEntries(names.map(name => [name, f(name)])) as { readonly [name in L]: A } // one value for each name
  const univariate: Univariate<L> = spec.trained ? plain : withFixed(plain, () => each(name => scalar(plain.start[name])))
  const like = {
    space: { shape, support: plain.support },
    trainable: spec.trained ? each(() => true) : {},
    init: (): Params => (spec.trained ? each(name => fill([...shape], plain.start[name])) : {}),
  }
  return independent(spec, like, univariate as unknown as Univariate) // its leaves are the parameters, or there are none
}

/**
 * Independent values of one density, whose leaves are the parameters.
 *
 * @param like what makes the parameters
 */
export const independent = (
  spec: DistributionSpec,
  like: Pick<Distribution, 'space' | 'trainable' | 'init'>,
  univariate: Univariate,
): Distribution => {
  const { shape } = like.space
  const leavesOf = (params: Params): Leaves => params as Leaves // `checked` has seen their structure
  const logProb = (params: Params, x: Tensor): Tensor => sumEvent(valueLogProb(univariate, leavesOf(params), x))
  const sample = (params: Params, key: Key, n: number): Tensor => drawn(univariate, leavesOf(params), key, [n, ...shape])
  const place = univariate.place?.bind(univariate)
  const distribution = checked({
    spec,
    ...(place && {
      adapt: (params: Params, batch: Tensor) => tidy(() => ({ ...leavesOf(mapTree(handle, params)), ...placed(batch, place) })),
    }),
    space: { shape, support: univariate.support },
    contextShape: undefined,
    trainable: like.trainable,
    init: like.init,
    logProb: (params: Params, x) => tidy(() => logProb(params, x)),
    sample: (params: Params, key, n) => tidy(() => sample(params, key, n)),
    sampleAndLogProb: (params: Params, key, n) =>
      tidy(() => {
        const x = sample(params, key, n)
        return { x, logProb: logProb(params, x) }
      }),
  })
  return withUnivariate(distribution, univariate)
}

/** The median, and the distance of the quartiles in deviations of a normal distribution, for each place of the event. */
const placed = (batch: Tensor, place: (x: number) => number): Leaves<LocationScale> => {
  const [rows, shape] = [batch.shape[0]!, batch.shape.slice(1)]
  const values = Float64Array.from(batch.dataSync(), place)
  const width = values.length / Math.max(1, rows)
  const columns = Array.from({ length: width }, (_, j) => Float64Array.from({ length: rows }, (_, i) => values[i * width + j]!).sort())
  const at = (column: Float64Array, share: number): number => column[Math.min(rows - 1, Math.floor(share * rows))]!
  const spread = (column: Float64Array): number => Math.max(1e-3, (at(column, 0.75) - at(column, 0.25)) / 1.349)
  return {
    location: tensor(
      columns.map(column => at(column, 0.5)),
      shape,
    ),
    logScale: tensor(
      columns.map(column => Math.log(spread(column))),
      shape,
    ),
  }
}

const withFixed = <L extends string>(plain: Univariate<L>, leaves: () => Leaves<L>): Univariate<L> => {
  const { tails, quantile } = plain
  return {
    support: plain.support,
    isOpen: plain.isOpen ?? false,
    start: {} as Univariate<L>['start'], // no leaves are left
    density: (_, x) => plain.density(leaves(), x),
    draw: (_, key, shape) => plain.draw(leaves(), key, shape),
    ...(tails && { tails: (_, x) => tails.call(plain, leaves(), x) }),
    ...(quantile && { quantile: (_, t) => quantile.call(plain, leaves(), t) }),
  }
}

/** The log-density of every value: -Infinity outside the support, NaN at NaN. */
export const valueLogProb = (univariate: Univariate, leaves: Leaves, x: Tensor): Tensor => {
  // tfjs' WASM kernel of where writes past the end of no rows
  if (x.size === 0) return zeros(x.shape)
  const outside = isOutside(univariate, x)
  if (outside === undefined) return univariate.density(leaves, x)
  const inside = univariate.density(leaves, where(outside, fill(x.shape, pointOf(univariate.support)), x))
  return where(outside, fill(x.shape, -Infinity), inside)
}

/** Values, none if there is no row. */
export const drawn = (univariate: Univariate, leaves: Leaves, key: Key, shape: Shape): Tensor =>
  shape.includes(0) ? zeros([...shape]) : univariate.draw(leaves, key, shape)

const isOutside = ({ support, isOpen }: Univariate, x: Tensor): Tensor | undefined => {
  switch (support._tag) {
    case 'real':
      return undefined
    case 'positive':
      return lessEqual(x, 0)
    case 'interval':
      return isOpen
        ? logicalOr(lessEqual(x, support.low), greaterEqual(x, support.high))
        : logicalOr(less(x, support.low), greater(x, support.high))
    case 'circle':
      return logicalOr(less(x, -Math.fround(Math.PI)), greater(x, Math.fround(Math.PI)))
  }
}

const pointOf = (support: RealSupport): number => {
  switch (support._tag) {
    case 'real':
    case 'circle':
      return 0
    case 'positive':
      return 1
    case 'interval':
      return (support.low + support.high) / 2
  }
}

/** The smallest normal float32: what a positive value is at least. */
export const tiny = 1.2e-38

/** Values between two numbers: rounding has brought some to an end of an open interval, or past it. */
export const within = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high)

/** Uniform numbers of the open interval (0, 1). */
export const openUniform = (key: Key, shape: Shape): Tensor => uniform(key, shape, { low: 2 ** -24, high: 1 })

/** -log(1 - u) for u in [0, 1): by its series where u is small, as tfjs' log1p has lost it there. */
export const minusLogComplement = (u: Tensor): Tensor => {
  const isSmall = less(u, 1e-3)
  const low = minimum(u, 1e-3)
  const series = mul(low, add(1, mul(low, add(0.5, mul(low, 1 / 3)))))
  return where(isSmall, series, neg(log(sub(1, where(isSmall, zeros(u.shape), u)))))
}

/** A standard density moved and widened: x = location + e^logScale z. */
export interface Standard {
  density(z: Tensor): Tensor
  draw(key: Key, shape: Shape): Tensor
  tails(z: Tensor): Tails
  quantile(tails: Tails): Tensor
}

/** The leaves of a moved and widened density. */
export type LocationScale = 'location' | 'logScale'

/** The formulas of a moved and widened density. */
export const locationScale = (
  standard: Standard,
  start: { readonly location: number; readonly scale: number },
): Univariate<LocationScale> => {
  const standardized = ({ location, logScale }: Leaves<LocationScale>, x: Tensor): Tensor => mul(sub(x, location), exp(neg(logScale)))
  const moved = ({ location, logScale }: Leaves<LocationScale>, z: Tensor): Tensor => add(location, mul(exp(logScale), z))
  return {
    support: { _tag: 'real' },
    start: { location: start.location, logScale: Math.log(start.scale) },
    place: x => x,
    density: (leaves, x) => sub(standard.density(standardized(leaves, x)), leaves.logScale),
    draw: (leaves, key, shape) => moved(leaves, standard.draw(key, shape)),
    tails: (leaves, x) => standard.tails(standardized(leaves, x)),
    quantile: (leaves, tails) => moved(leaves, standard.quantile(tails)),
  }
}

/**
 * Checks numbers of a spec.
 *
 * @throws RangeError naming the path when a number is not finite, or one that must be positive is not
 */
export const checkNumbers = (
  site: Pick<DistributionSite, 'path'>,
  { real = {}, positive = {} }: { readonly real?: Numbers; readonly positive?: Numbers },
): void => {
  const refuse = (name: string, expected: string, value: unknown): never => {
    throw new RangeError(`build: expected ${expected}, got ${String(value)} at ${showPath([...site.path, name])}`)
  }
  Object.entries(real).forEach(([name, value]) => Number.isFinite(value) || refuse(name, 'a finite number', value))
  Object.entries(positive).forEach(([name, value]) => (Number.isFinite(value) && value > 0) || refuse(name, 'a number > 0', value))
}

type Numbers = { readonly [name: string]: number }
