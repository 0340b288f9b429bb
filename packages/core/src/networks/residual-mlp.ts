import { add, reshape } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { Activation, ResidualMlpSpec } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { activate, checkActivation } from './activation.ts'
import { firstLinear, initFirst, initLinear, linear, zeroLinear } from './linear.ts'
import type { FirstLinear, Linear } from './linear.ts'
import { checkWidth, plainSizes } from './sizes.ts'

/** Two linear layers that a block adds to its input. */
export type ResidualBlock = readonly [Linear, Linear]
/** First layer, residual blocks, output layer. */
export type ResidualMlpParams = { readonly first: FirstLinear; readonly blocks: ReadonlyArray<ResidualBlock>; readonly last: Linear }

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
  const { input, output } = plainSizes('residualMlp', site)
  const context = contextWidth(site.context)
  const initBlock = (key: Key): ResidualBlock => {
    const [a, b] = split(key)
    return [initLinear(a!, spec.width, spec.width), initLinear(b!, spec.width, spec.width)]
  }
  const yes = { w: true, b: true }
  return {
    spec,
    trainable: {
      first: context > 0 ? { ...yes, v: true } : yes,
      blocks: Array.from({ length: spec.blocks }, () => [yes, yes]),
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
    apply: (params, x, context) =>
      tidy(() => {
        const act = (h: Parameters<typeof activate>[1]): ReturnType<typeof activate> => activate(spec.activation, h)
        const first = firstLinear(params.first, reshape(x, [x.shape[0]!, input]), context)
        const h = params.blocks.reduce((h, [one, two]) => add(h, linear(two, act(linear(one, act(h))))), first)
        const y = linear(params.last, act(h))
        return reshape(y, [y.shape[0]!, ...site.output])
      }),
  }
}

export const residualMlpEntry: NetworkEntry<ResidualMlpSpec> = {
  tag: 'residualMlp',
  build: (spec, site) => {
    checkWidth(spec.width, site, 'width')
    if (!Number.isSafeInteger(spec.blocks) || spec.blocks < 0 || spec.blocks > 1000)
      throw new RangeError(`build: expected 0 to 1000 blocks, got ${spec.blocks} at ${showPath([...site.path, 'blocks'])}`)
    checkActivation(spec.activation, site)
    return residualMlpNetwork(spec, site)
  },
}
