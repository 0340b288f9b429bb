import { actNorm } from '../bijectors/act-norm.ts'
import { blockAutoregressive } from '../bijectors/block-autoregressive.ts'
import { elementwise } from '../bijectors/elementwise.ts'
import { orthogonal } from '../bijectors/linear/orthogonal.ts'
import { permute, reverse } from '../bijectors/permute.ts'
import type { BijectorSpec, TransformerSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { bernstein } from '../transformers/bernstein.ts'
import { deepSigmoid } from '../transformers/deep-sigmoid.ts'
import { gaussianization } from '../transformers/gaussianization.ts'
import { logisticMixture } from '../transformers/logistic-mixture.ts'
import { monotoneMlp } from '../transformers/monotone-mlp.ts'
import { sumOfSquares } from '../transformers/sum-of-squares.ts'
import { unconstrainedMonotone } from '../transformers/unconstrained-monotone.ts'
import { autoregressives, couplings, fitted } from './recipes.ts'
import type { NetworkOptions, OrderOptions } from './recipes.ts'

type Options = NetworkOptions & OrderOptions

/** Masked autoregressive layers, three unless said (zuko's number). */
const masked = (name: string, options: Options, transformer: TransformerSpec): FlowSpec => {
  const { layers = 3 } = options
  return fitted(name, { layers, least: 1, scan: options.scan }, () => autoregressives(layers, options, transformer))
}

/**
 * Neural autoregressive flow (Huang et al. 2018): masked autoregressive layers of deep sigmoidal transformers or, with `signal`, of monotone perceptrons
 * that a signal of so many numbers modulates (zuko's NAF, with 16).
 *
 * @param units      of each deep sigmoidal transformer
 * @param perceptron widths of the hidden layers of each monotone perceptron
 * @see https://arxiv.org/abs/1804.00779
 */
export const naf = (
  options: Options & { readonly units?: number; readonly signal?: number; readonly perceptron?: ReadonlyArray<number> } = {},
): FlowSpec => {
  const { units = 16, signal, perceptron = [64, 64] } = options
  return masked('naf', options, signal === undefined ? deepSigmoid({ units }) : monotoneMlp({ signal, hidden: perceptron }))
}

/**
 * Unconstrained monotone neural network flow (Wehenkel and Louppe 2019; zuko's UNAF): masked autoregressive layers of integrals of positive perceptrons.
 *
 * @param signal     how many numbers modulate each perceptron
 * @param perceptron widths of its hidden layers
 * @see https://arxiv.org/abs/1908.05164
 */
export const unaf = (options: Options & { readonly signal?: number; readonly perceptron?: ReadonlyArray<number> } = {}): FlowSpec => {
  const { signal = 16, perceptron = [64, 64] } = options
  return masked('unaf', options, unconstrainedMonotone({ signal, hidden: perceptron }))
}

/**
 * Sum-of-squares polynomial flow (Jaini et al. 2019; zuko's SOSPF): masked autoregressive layers.
 *
 * @param degree      of each polynomial
 * @param polynomials whose squares are added
 * @see https://arxiv.org/abs/1905.02325
 */
export const sospf = (options: Options & { readonly degree?: number; readonly polynomials?: number } = {}): FlowSpec =>
  masked('sospf', options, sumOfSquares({ degree: options.degree ?? 4, polynomials: options.polynomials ?? 3 }))

/**
 * Bernstein polynomial flow (Sick et al. 2020; zuko's BPF): masked autoregressive layers of polynomials on [-bound, bound].
 *
 * @param coefficients free numbers of each polynomial; 17 are zuko's degree 16
 * @see https://arxiv.org/abs/2004.00464
 */
export const bpf = (options: Options & { readonly coefficients?: number; readonly bound?: number } = {}): FlowSpec =>
  masked('bpf', options, bernstein({ coefficients: options.coefficients ?? 17, bound: options.bound ?? 5 }))

/**
 * Gaussianization flow (Meng et al. 2020; zuko's GF): each dimension by itself made normal, with learned rotations in between. No networks.
 *
 * @param layers     of transformers; none reads a context
 * @param components of each mixture
 * @see https://arxiv.org/abs/2003.01941
 */
export const gf = ({ layers = 3, components = 8 }: { readonly layers?: number; readonly components?: number } = {}): FlowSpec =>
  fitted('gf', { layers, least: 1, scan: undefined }, () =>
    Array.from({ length: Math.max(0, layers) }, (_, i): ReadonlyArray<BijectorSpec> => {
      const layer = elementwise(gaussianization({ components }))
      return i === 0 ? [layer] : [orthogonal(), layer]
    }).flat(),
  )

/**
 * Block neural autoregressive flow (De Cao et al. 2019; FlowJAX's defaults): one network, or several with the order reversed in between.
 *
 * @param layers networks
 * @param width  hidden units of each layer of a network for each dimension
 * @param depth  hidden layers of each network
 * @see https://arxiv.org/abs/1904.04676
 */
export const bnaf = ({
  layers = 1,
  width = 8,
  depth = 1,
  seed,
}: OrderOptions & { readonly layers?: number; readonly width?: number; readonly depth?: number } = {}): FlowSpec =>
  fitted('bnaf', { layers, least: 1, scan: undefined }, () =>
    Array.from({ length: Math.max(0, layers) }, (_, i): ReadonlyArray<BijectorSpec> => {
      const layer = blockAutoregressive({ width, depth })
      if (i === layers - 1) return [layer]
      return [layer, seed === undefined || i === 0 ? reverse() : permute({ seed: seed + i })]
    }).flat(),
  )

/**
 * Flow++ for tables (Ho et al. 2019): couplings whose transformer is the distribution function of a mixture of logistics, on alternating dimensions, each after a
 * normalization by the first batch. A dimension's root finding to sample is one of all dimensions at once.
 *
 * @param layers     couplings, at least 3
 * @param components of each mixture; the paper takes 32 for images
 * @see https://arxiv.org/abs/1902.00275
 */
export const flowPlusPlus = (options: Options & { readonly components?: number } = {}): FlowSpec => {
  const { layers = 5, hidden = [64, 64], activation = 'relu', components = 8 } = options
  return fitted('flowPlusPlus', { layers, least: 3, scan: options.scan }, () =>
    couplings(layers, hidden, activation, logisticMixture({ components }), options.seed).flatMap(layer =>
      layer._tag === 'coupling' ? [actNorm(), layer] : [layer],
    ),
  )
}
