import { autoregressive } from '../bijectors/autoregressive.ts'
import { chain } from '../bijectors/chain.ts'
import { coupling } from '../bijectors/coupling.ts'
import { elementwise } from '../bijectors/elementwise.ts'
import { invert } from '../bijectors/invert.ts'
import { permute, reverse } from '../bijectors/permute.ts'
import { standardNormal } from '../distributions/normal.ts'
import { made } from '../networks/made.ts'
import { mlp } from '../networks/mlp.ts'
import type { BijectorSpec, TransformerSpec } from '../spec.ts'
import type { Activation, ChainSpec, FlowSpec, KnotMap } from '../specs.ts'
import { additive } from '../transformers/additive.ts'
import { affine } from '../transformers/affine.ts'
import type { AffineOptions } from '../transformers/affine.ts'
import { rationalQuadratic } from '../transformers/rational-quadratic.ts'
import { scale } from '../transformers/scale.ts'
import { flow } from './flow.ts'

/** What all recipes take. */
export interface NetworkOptions {
  readonly layers?: number
  readonly hidden?: ReadonlyArray<number>
  readonly activation?: Activation
  /** Whether equal pairs of layers, from four pairs on, are one loop where the flow is compiled: it compiles as fast however deep it is. */
  readonly scan?: boolean
}
/** The orders of the dimensions. */
export interface OrderOptions {
  /** Random orders between later layers, where every dimension has met every other already. */
  readonly seed?: number
}
interface SplineOptions {
  readonly bins?: number
  readonly bound?: number
  readonly knots?: KnotMap
}

/**
 * NICE (Dinh et al. 2014): additive couplings on alternating dimensions, then a scale for each dimension.
 *
 * @param layers number of couplings; at least 3, or some dimension does not see every other
 * @see https://arxiv.org/abs/1410.8516
 */
export const nice = ({ layers = 4, hidden = [64, 64], activation = 'relu', scan }: NetworkOptions = {}): FlowSpec =>
  fitted('nice', { layers, least: 3, scan }, () => couplings(layers, hidden, activation, additive()), elementwise(scale()))

/**
 * RealNVP (Dinh et al. 2017): affine couplings on alternating dimensions.
 *
 * @param layers number of couplings; at least 3
 * @param scale  how a network's output becomes a scale; `minScale` bounds it, see `affine`
 * @see https://arxiv.org/abs/1605.08803
 */
export const realNvp = ({
  layers = 8,
  hidden = [64, 64],
  activation = 'relu',
  scale: map,
  minScale,
  scan,
}: NetworkOptions & AffineOptions = {}): FlowSpec =>
  fitted('realNvp', { layers, least: 3, scan }, () => couplings(layers, hidden, activation, affine({ scale: map, minScale })))

/**
 * Masked autoregressive flow (Papamakarios et al. 2017): one pass to score, D passes to sample.
 *
 * @param layers   number of masked autoregressive layers; the order is reversed between them, with a seed random after the second
 * @param minScale the smallest scale of a layer, see `affine`: 0.02 for rows that may lie far from all that are trained on
 * @see https://arxiv.org/abs/1705.07057
 */
export const maf = (options: NetworkOptions & OrderOptions & AffineOptions = {}): FlowSpec => {
  const { layers = 5, scale: map, minScale } = options
  return fitted('maf', { layers, least: 1, scan: options.scan }, () => autoregressives(layers, options, affine({ scale: map, minScale })))
}

/**
 * Inverse autoregressive flow (Kingma et al. 2016): one pass to sample and score its own samples, D passes to score others'.
 * For variational inference.
 *
 * @param layers number of masked autoregressive layers
 * @see https://arxiv.org/abs/1606.04934
 */
export const iaf = (options: NetworkOptions & OrderOptions & AffineOptions = {}): FlowSpec => {
  const { layers = 5, scale: map, minScale } = options
  atLeast('iaf', layers, 1)
  return flow({
    base: standardNormal(),
    bijector: looped(autoregressives(layers, options, affine({ scale: map, minScale })), options.scan),
  })
}

/**
 * Neural spline flow (Durkan et al. 2019): rational-quadratic splines in couplings (both directions in one pass) or, with
 * `autoregressive`, in masked autoregressive layers.
 *
 * @param bins  of every spline
 * @param bound half-width of the splines' interval; data are standardized, so 5 deviations
 * @see https://arxiv.org/abs/1906.04032
 */
export const nsf = (options: NetworkOptions & OrderOptions & SplineOptions & { readonly autoregressive?: boolean } = {}): FlowSpec => {
  const { layers = 5, hidden = [64, 64], activation = 'relu', bins = 8, bound = 5, knots = 'softclip' } = options
  const spline = rationalQuadratic({ bins, bound, knots })
  return options.autoregressive
    ? fitted('nsf', { layers, least: 1, scan: options.scan }, () => autoregressives(layers, options, spline))
    : fitted('nsf', { layers, least: 3, scan: options.scan }, () => couplings(layers, hidden, activation, spline, options.seed))
}

/** A flow that is cheap where data are scored: the inverse of a chain of layers that are cheap forward. */
export const fitted = (
  name: string,
  { layers: count, least, scan }: { readonly layers: number; readonly least: number; readonly scan: boolean | undefined },
  layers: () => ReadonlyArray<BijectorSpec>,
  ...last: ReadonlyArray<BijectorSpec>
): FlowSpec => {
  atLeast(name, count, least)
  return flow({ base: standardNormal(), bijector: invert(looped([...layers(), ...last], scan)) })
}

const looped = (layers: ReadonlyArray<BijectorSpec>, scan: boolean | undefined): ChainSpec =>
  scan ? { ...chain(...layers), scan } : chain(...layers)

const atLeast = (name: string, count: number, least: number): void => {
  if (!Number.isSafeInteger(count) || count < least || count > 1000)
    throw new RangeError(`${name}: expected ${least} to 1000 layers, got ${count}`)
}

/**
 * Couplings whose masks alternate, so that every dimension is moved. A seed deals the dimensions anew after each pair that has another pair
 * after it: a single coupling after random orders would leave out what some dimensions have not met.
 */
export const couplings = (
  layers: number,
  hidden: ReadonlyArray<number>,
  activation: Activation,
  transformer: TransformerSpec,
  seed?: number,
): ReadonlyArray<BijectorSpec> =>
  Array.from({ length: Math.max(0, layers) }, (_, i) => {
    const layer = coupling(mlp({ hidden, activation }), transformer, { mask: i % 2 === 0 ? 'even' : 'odd' })
    const mixes = seed !== undefined && i % 2 === 1 && i < layers - 2
    return mixes ? [layer, permute({ seed: seed + i })] : [layer]
  }).flat()

/** Masked autoregressive layers with the order reversed between them, with a seed random after the second. */
export const autoregressives = (
  layers: number,
  { hidden = [64, 64], activation = 'relu', seed }: NetworkOptions & OrderOptions,
  transformer: TransformerSpec,
): ReadonlyArray<BijectorSpec> =>
  Array.from({ length: Math.max(0, layers) }, (_, i) => {
    const layer = autoregressive(made({ hidden, activation }), transformer)
    if (i === layers - 1) return [layer]
    // only the reverse makes sure that the two layers around it mix everything
    return [layer, seed === undefined || i === 0 ? reverse() : permute({ seed: seed + i })]
  }).flat()
