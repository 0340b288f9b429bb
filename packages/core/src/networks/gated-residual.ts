import { add, matMul, mul, reshape, sigmoid } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { activate, checkActivation } from './activation.ts'
import { firstLinear, flattenContext, initFirst, initLinear, linear, zeroLinear } from './linear.ts'
import type { FirstLinear, Linear } from './linear.ts'
import { checkWidth, plainSizes } from './sizes.ts'

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
export type GatedResidualParams = {
  readonly first: FirstLinear
  readonly blocks: ReadonlyArray<GatedBlock>
  readonly last: Linear
}

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
  const { input, output } = plainSizes('gatedResidual', site)
  const context = contextWidth(site.context)
  const initBlock = (key: Key): GatedBlock => {
    const [one, two, gate] = split(key, 3)
    return {
      one: initLinear(one!, spec.width, spec.width),
      two: initLinear(two!, spec.width, spec.width),
      gate: initLinear(gate!, context > 0 ? context : spec.width, spec.width),
    }
  }
  const act = (h: Tensor): Tensor => activate(spec.activation, h)
  const throughBlock = (h: Tensor, { one, two, gate }: GatedBlock, given: Tensor | undefined): Tensor => {
    const inner = act(linear(one, act(h)))
    const opened = sigmoid(add(matMul(given ?? inner, gate.w), gate.b))
    return add(h, mul(linear(two, inner), opened))
  }
  const yes = { w: true, b: true }
  return {
    spec,
    trainable: {
      first: context > 0 ? { ...yes, v: true } : yes,
      blocks: Array.from({ length: spec.blocks }, () => ({ one: yes, two: yes, gate: yes })),
      last: yes,
    },
    init: key => {
      const [firstKey, restKey] = split(key)
      return {
        first: initFirst(firstKey!, input, context, spec.width),
        blocks: spec.blocks === 0 ? [] : split(restKey!, spec.blocks).map(initBlock),
        last: zeroLinear(spec.width, output),
      }
    },
    apply: (params, x, given) =>
      tidy(() => {
        const flat = given === undefined || context === 0 ? undefined : flattenContext(given)
        const first = firstLinear(params.first, reshape(x, [x.shape[0]!, input]), flat)
        const h = params.blocks.reduce((h, block) => throughBlock(h, block, flat), first)
        const y = linear(params.last, h)
        return reshape(y, [y.shape[0]!, ...site.output])
      }),
  }
}

export const gatedResidualEntry: NetworkEntry<GatedResidualSpec> = {
  tag: 'gatedResidual',
  build: (spec, site) => {
    checkWidth(spec.width, site, 'width')
    if (!Number.isSafeInteger(spec.blocks) || spec.blocks < 0 || spec.blocks > 1000)
      throw new RangeError(`build: expected 0 to 1000 blocks, got ${spec.blocks} at ${showPath([...site.path, 'blocks'])}`)
    checkActivation(spec.activation, site)
    return gatedResidualNetwork(spec, site)
  },
}
