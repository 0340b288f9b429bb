import { add, matMul, mul, sigmoid } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { activate } from './activation.ts'
import { initLinear, linear } from './linear.ts'
import type { Linear } from './linear.ts'
import { checkResidual, residualNetwork } from './residual.ts'
import type { ResidualParams } from './residual.ts'

/** What `gatedResidual` returns. */
export type GatedResidualSpec = NetworkSpec & {
  readonly _tag: 'gatedResidual'
  readonly width: number
  readonly blocks: number
  readonly activation: Activation
}

/** Two layers, and what opens the gate: the context, or without one what the second layer reads. */
export type GatedBlock = { readonly one: Linear; readonly two: Linear; readonly gate: Linear }
/** First layer, gated blocks, output layer. */
export type GatedResidualParams = ResidualParams<GatedBlock>

/**
 * A residual network of gated blocks, h + g * (W2 act(W1 act(h))) (nflows' ResidualNet, the conditioner of Durkan et al. 2019): the gate is g =
 * sigmoid(V context + b), a gated linear unit (Dauphin et al. 2017) that the context opens; without a context it is sigmoid(V act(W1 act(h)) + b), as in
 * PixelCNN++. The context goes into the first layer too.
 *
 * @param width  of every hidden layer
 * @param blocks number of gated blocks
 * @example coupling(gatedResidual({ width: 128, blocks: 2 }), rationalQuadratic())
 * @see https://arxiv.org/abs/1612.08083
 */
export const gatedResidual = ({
  width = 64,
  blocks = 2,
  activation = 'relu',
}: { readonly width?: number; readonly blocks?: number; readonly activation?: Activation } = {}): GatedResidualSpec => ({
  _tag: 'gatedResidual',
  width,
  blocks,
  activation,
})

/** [N, ...input] (and a context) to [N, ...output]. */
export const gatedResidualNetwork = (spec: GatedResidualSpec, site: NetworkSite): Network<GatedResidualParams> => {
  const act = (h: Tensor): Tensor => activate(spec.activation, h)
  const yes = { w: true, b: true }
  return residualNetwork<GatedBlock>(spec, site, {
    trainable: { one: yes, two: yes, gate: yes },
    init: (key, context) => {
      const [one, two, gate] = split(key, 3)
      return {
        one: initLinear(one!, spec.width, spec.width),
        two: initLinear(two!, spec.width, spec.width),
        gate: initLinear(gate!, context > 0 ? context : spec.width, spec.width),
      }
    },
    through: (h, { one, two, gate }, given) => {
      const inner = act(linear(one, act(h)))
      const opened = sigmoid(add(matMul(given ?? inner, gate.w), gate.b))
      return add(h, mul(linear(two, inner), opened))
    },
    last: h => h,
  })
}

export const gatedResidualEntry: NetworkEntry<GatedResidualSpec> = {
  tag: 'gatedResidual',
  build: (spec, site) => {
    checkResidual(spec, site)
    return gatedResidualNetwork(spec, site)
  },
}
