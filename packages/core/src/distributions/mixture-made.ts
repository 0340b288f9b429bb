import {
  add,
  equal,
  exp,
  mul,
  neg,
  reshape,
  slice,
  square,
  sub,
  sum,
  tensor1d,
  tensor3d,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Distribution, Network, Params } from '../contracts.ts'
import { scan } from '../control/scan.ts'
import { made } from '../networks/made.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry, DistributionSite } from '../registry.ts'
import type { DistributionSpec, NetworkSpec } from '../spec.ts'
import { logSoftmax, logSumExp } from '../special/log-sum-exp.ts'
import { realSpace } from '../support.ts'
import { tidy } from '../tensor.ts'
import { logScale } from '../transformers/scale-map.ts'
import { showPath } from '../tree.ts'
import { drawnIndices } from './categorical-draw.ts'
import { checked } from './checked.ts'
import { dimOf } from './multivariate-normal.ts'

/** What `mixtureMade` returns. */
export type MixtureMadeSpec = DistributionSpec & {
  readonly _tag: 'mixtureMade'
  readonly components: number
  readonly conditioner: NetworkSpec
}

/**
 * MADE with mixtures of normals as its conditionals (Germain et al. 2015; MADE MoG of Papamakarios et al. 2017, and the base of MAF MoG):
 *
 *   p(x_i | x_1 .. x_{i-1}, context) = sum_k w_ik N(x_i; m_ik, s_ik^2)
 *
 * One pass of the network scores, D passes sample. Where the network gives zeros the means are spread like the quantiles of a normal distribution
 * and the mixture has variance 1: near the standard normal, with components that differ. Scales lie within a factor 1e3 of that. Samples are
 * reparameterized in means and scales, and not in the weights. At D = 1 without a context the network's numbers are a parameter.
 *
 * @param components of each conditional
 * @param conditioner an autoregressive network such as `made`, or `made({ residual: true })`
 * @example flow({ base: mixtureMade({ components: 10 }), bijector: maf().bijector })
 * @see https://arxiv.org/abs/1705.07057
 */
export const mixtureMade = ({
  components = 8,
  conditioner = made(),
}: { readonly components?: number; readonly conditioner?: NetworkSpec } = {}): MixtureMadeSpec => ({
  _tag: 'mixtureMade',
  components,
  conditioner,
})

/** Log-weights, means and log-scales, each [..., K]. */
export interface NormalMixture {
  readonly logWeights: Tensor
  readonly means: Tensor
  readonly logScales: Tensor
}

/** theta [..., 3K], K logits, K means, K log-scales, to mixtures of normals; zeros give one of mean 0 and variance 1. */
export const normalMixtureOf = (theta: Tensor): NormalMixture => {
  const count = theta.shape.at(-1)! / 3
  const lead = theta.shape.slice(0, -1)
  const part = (i: number): Tensor => slice(theta, [...lead.map(() => 0), i * count], [...lead, count])
  const { means, scale } = spreadOf(count)
  return {
    logWeights: logSoftmax(part(0)),
    means: add(part(1), tensor1d([...means])),
    logScales: add(logScale('softclip', part(2)), Math.log(scale)),
  }
}

/** log-density of x [...] under mixtures [..., K]. */
export const normalMixtureLogProb = ({ logWeights, means, logScales }: NormalMixture, x: Tensor): Tensor => {
  const z = mul(sub(reshape(x, [...x.shape, 1]), means), exp(neg(logScales)))
  return logSumExp(sub(logWeights, add(add(mul(0.5, square(z)), logScales), 0.5 * Math.log(2 * Math.PI))))
}

/** Means evenly spread, from -1.5 to 1.5 (1 - 1/K), and the scale with which the whole has variance 1. */
const spreadOf = (count: number): { readonly means: ReadonlyArray<number>; readonly scale: number } => {
  const means = Array.from({ length: count }, (_, k) => ((2 * k + 1) / count - 1) * 1.5)
  const variance = means.reduce((total, m) => total + m * m, 0) / count
  return { means, scale: Math.sqrt(1 - variance) }
}

/** What the mixtures are computed from. */
interface Theta {
  readonly trainable: Distribution['trainable']
  init(key: Key): Params
  /** [N, D, 3K]. */
  apply(params: Params, x: Tensor, context?: Context): Tensor
}

const mixtureMadeOf = (spec: MixtureMadeSpec, dim: number, theta: Theta, contextShape: Distribution['contextShape']): Distribution => {
  const logProb = (params: Params, x: Tensor, context?: Context): Tensor => {
    if (x.size === 0) return zeros([0])
    return sum(normalMixtureLogProb(normalMixtureOf(theta.apply(params, x, context)), x), 1)
  }
  const sample = (params: Params, key: Key, n: number, context?: Context): Tensor => {
    if (n === 0) return zeros([0, dim])
    const [indexKey, valueKey] = split(key)
    const noise = normal(valueKey!, [n, dim])
    const pass = (known: Tensor): Tensor => {
      const given = theta.apply(params, known, context)
      return drawn(normalMixtureOf(given), indexKey!, noise)
    }
    const start = zerosLike(noise)
    const { carry } = scan(
      (known: Tensor, isKnown: Tensor) => ({ carry: where(isKnown, pass(known), start), y: [] }),
      start,
      firstOnes(dim),
    )
    return carry
  }
  return checked<Params>({
    spec,
    space: realSpace([dim]),
    contextShape,
    trainable: theta.trainable,
    init: theta.init,
    logProb: (params, x, context) => tidy(() => logProb(params, x, context)),
    sample: (params, key, n, context) => tidy(() => sample(params, key, n, context)),
    sampleAndLogProb: (params, key, n, context) =>
      tidy(() => {
        const x = sample(params, key, n, context)
        return { x, logProb: logProb(params, x, context) }
      }),
  })
}

/** The mean of a component that is drawn, plus its scale times noise [n, D]. */
const drawn = ({ logWeights, means, logScales }: NormalMixture, key: Key, noise: Tensor): Tensor => {
  const [n, dim] = noise.shape as [number, number]
  const spread = [n, dim, means.shape.at(-1)!]
  const index = add(drawnIndices(logWeights, key, n), zeros(spread))
  const isChosen = equal(index, add(tensor1d(Array.from({ length: spread[2]! }, (_, k) => k)), zeros(spread)))
  const chosen = (x: Tensor): Tensor => sum(where(isChosen, add(x, zeros(spread)), zeros(spread)), 2)
  return add(chosen(means), mul(exp(chosen(logScales)), noise))
}

/** bool [D, 1, D]: true in the first i + 1 columns of matrix i. */
const firstOnes = (dim: number): Tensor =>
  tensor3d(
    Uint8Array.from({ length: dim * dim }, (_, at) => (at % dim <= Math.floor(at / dim) ? 1 : 0)),
    [dim, 1, dim],
    'bool',
  )

const thetaOf = (spec: MixtureMadeSpec, dim: number, site: DistributionSite): Theta => {
  const size = 3 * spec.components
  if (dim === 1 && site.context === undefined)
    return {
      trainable: { theta: true },
      init: () => ({ theta: zeros([1, 1, size]) }),
      apply: (params, x) => add((params as { readonly theta: Tensor }).theta, zeros([x.shape[0]!, 1, size])), // `init` made it
    }
  const network: Network = site.builder.network(spec.conditioner, {
    context: site.context,
    path: [...site.path, 'conditioner'],
    input: [dim],
    output: [dim, size],
    autoregressive: true,
  })
  return {
    trainable: network.trainable,
    init: key => network.init(key),
    // at one dimension a context of one row gives one row
    apply: (params, x, context) => add(network.apply(params, x, context), zeros([x.shape[0]!, dim, size])),
  }
}

export const mixtureMadeEntry: DistributionEntry<MixtureMadeSpec> = {
  tag: 'mixtureMade',
  build: (spec, site) => {
    const dim = dimOf('mixtureMade', site)
    if (!Number.isSafeInteger(spec.components) || spec.components < 1 || spec.components > 1000)
      throw new RangeError(`build: expected 1 to 1000 components, got ${spec.components} at ${showPath([...site.path, 'components'])}`)
    return mixtureMadeOf(spec, dim, thetaOf(spec, dim, site), site.context)
  },
}
