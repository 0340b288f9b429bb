import { add } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { Activation, ResidualMlpSpec } from '../specs.ts'
import { activate } from './activation.ts'
import { initLinear, linear } from './linear.ts'
import type { Linear } from './linear.ts'
import { checkResidual, residualNetwork } from './residual.ts'
import type { ResidualParams } from './residual.ts'

/** Two linear layers that a block adds to its input. */
export type ResidualBlock = readonly [Linear, Linear]
/** First layer, residual blocks, output layer. */
export type ResidualMlpParams = ResidualParams<ResidualBlock>

/**
 * A residual network of pre-activation blocks h + W2 act(W1 act(h)) (He et al. 2016), as neural spline flows use
 * (Durkan et al. 2019, appendix B).
 *
 * @param width  of every hidden layer
 * @param blocks number of residual blocks
 * @example coupling(residualMlp({ width: 128, blocks: 2 }), rationalQuadratic())
 * @see https://arxiv.org/abs/1603.05027
 */
export const residualMlp = ({
  width = 64,
  blocks = 2,
  activation = 'relu',
}: { readonly width?: number; readonly blocks?: number; readonly activation?: Activation } = {}): ResidualMlpSpec => ({
  _tag: 'residualMlp',
  width,
  blocks,
  activation,
})

/** [N, ...input] (and a context) to [N, ...output]. */
export const residualMlpNetwork = (spec: ResidualMlpSpec, site: NetworkSite): Network<ResidualMlpParams> => {
  const act = (h: Tensor): Tensor => activate(spec.activation, h)
  const yes = { w: true, b: true }
  return residualNetwork<ResidualBlock>(spec, site, {
    trainable: [yes, yes],
    init: key => {
      const [a, b] = split(key)
      return [initLinear(a!, spec.width, spec.width), initLinear(b!, spec.width, spec.width)]
    },
    through: (h, [one, two]) => add(h, linear(two, act(linear(one, act(h))))),
    last: act,
  })
}

export const residualMlpEntry: NetworkEntry<ResidualMlpSpec> = {
  tag: 'residualMlp',
  build: (spec, site) => {
    checkResidual(spec, site)
    return residualMlpNetwork(spec, site)
  },
}
