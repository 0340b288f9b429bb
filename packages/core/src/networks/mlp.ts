import { reshape } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { Activation, MlpSpec } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { activate, checkActivation } from './activation.ts'
import { firstLinear, initFirst, initLinear, linear, zeroLinear } from './linear.ts'
import type { FirstLinear, Linear } from './linear.ts'
import { checkHidden, plainSizes } from './sizes.ts'

/** First layer, further hidden layers, output layer. */
export type MlpParams = { readonly first: FirstLinear; readonly hidden: ReadonlyArray<Linear>; readonly last: Linear }

/**
 * A multilayer perceptron. The last layer starts at zero, so that what it conditions starts as the identity.
 *
 * @param hidden widths of the hidden layers, at least one
 * @example coupling(mlp({ hidden: [64, 64] }), affine())
 */
export const mlp = ({
  hidden = [64, 64],
  activation = 'relu',
}: { readonly hidden?: ReadonlyArray<number>; readonly activation?: Activation } = {}): MlpSpec => ({ _tag: 'mlp', hidden, activation })

/** [N, ...input] (and a context) to [N, ...output]. */
export const mlpNetwork = (spec: MlpSpec, site: NetworkSite): Network<MlpParams> => {
  const { input, output } = plainSizes('mlp', site)
  const context = contextWidth(site.context)
  const [width, ...more] = spec.hidden
  const widths = [width!, ...more]
  const init = (key: Parameters<Network['init']>[0]): MlpParams => {
    const [firstKey, restKey] = split(key)
    const keys = split(restKey!, Math.max(1, more.length))
    return {
      first: initFirst(firstKey!, input, context, width!),
      hidden: more.map((size, i) => initLinear(keys[i]!, widths[i]!, size)),
      last: zeroLinear(widths.at(-1)!, output),
    }
  }
  return {
    spec,
    trainable: trainableLike(context, more.length),
    init,
    apply: (params, x, context) =>
      tidy(() => {
        const first = firstLinear(params.first, reshape(x, [x.shape[0]!, input]), context)
        const h = params.hidden.reduce((h, layer) => linear(layer, activate(spec.activation, h)), first)
        const y = linear(params.last, activate(spec.activation, h))
        return reshape(y, [y.shape[0]!, ...site.output])
      }),
  }
}

const yes = { w: true, b: true }

const trainableLike = (context: number, hidden: number): Network['trainable'] => ({
  first: context > 0 ? { ...yes, v: true } : yes,
  hidden: Array.from({ length: hidden }, () => yes),
  last: yes,
})

export const mlpEntry: NetworkEntry<MlpSpec> = {
  tag: 'mlp',
  build: (spec, site) => {
    checkHidden(spec.hidden, site)
    checkActivation(spec.activation, site)
    return mlpNetwork(spec, site)
  },
}
