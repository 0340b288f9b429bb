import { reshape } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network, Params } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import type { Activation } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { checkActivation } from './activation.ts'
import { firstLinear, flattenContext, initFirst, linear, zeroLinear } from './linear.ts'
import type { FirstLinear, Linear } from './linear.ts'
import { checkWidth, plainSizes } from './sizes.ts'

/** What residual networks of any kind of block say. */
export interface ResidualSpec extends NetworkSpec {
  readonly width: number
  readonly blocks: number
  readonly activation: Activation
}

/** First layer, blocks, output layer. */
export type ResidualParams<B extends Params> = { readonly first: FirstLinear; readonly blocks: ReadonlyArray<B>; readonly last: Linear }

/** One kind of block; `context` is the width of the context, 0 without one. */
export interface Blocks<B extends Params> {
  readonly trainable: Tree<boolean>
  init(key: Key, context: number): B
  /** @param given the flattened context */
  through(h: Tensor, block: B, given: Tensor | undefined): Tensor
  /** What the output layer reads. */
  last(h: Tensor): Tensor
}

/** A residual network: a first layer that reads the context too, blocks of one width, an output layer that starts at 0. */
export const residualNetwork = <B extends Params>(spec: ResidualSpec, site: NetworkSite, blocks: Blocks<B>): Network<ResidualParams<B>> => {
  const { input, output } = plainSizes(spec._tag, site)
  const context = contextWidth(site.context)
  const yes = { w: true, b: true }
  return {
    spec,
    trainable: {
      first: context > 0 ? { ...yes, v: true } : yes,
      blocks: Array.from({ length: spec.blocks }, () => blocks.trainable),
      last: yes,
    },
    init: key => {
      const [firstKey, restKey] = split(key)
      return {
        first: initFirst(firstKey!, input, context, spec.width),
        blocks: spec.blocks === 0 ? [] : split(restKey!, spec.blocks).map(blockKey => blocks.init(blockKey, context)),
        last: zeroLinear(spec.width, output),
      }
    },
    apply: (params, x, given) =>
      tidy(() => {
        const flat = given === undefined || context === 0 ? undefined : flattenContext(given)
        const first = firstLinear(params.first, reshape(x, [x.shape[0]!, input]), flat)
        const h = params.blocks.reduce((at, block) => blocks.through(at, block, flat), first)
        const y = linear(params.last, blocks.last(h))
        return reshape(y, [y.shape[0]!, ...site.output])
      }),
  }
}

/** @throws RangeError naming the path of what a residual network cannot have */
export const checkResidual = (spec: ResidualSpec, site: NetworkSite): void => {
  checkWidth(spec.width, site, 'width')
  if (!Number.isSafeInteger(spec.blocks) || spec.blocks < 0 || spec.blocks > 1000)
    throw new RangeError(`build: expected 0 to 1000 blocks, got ${spec.blocks} at ${showPath([...site.path, 'blocks'])}`)
  checkActivation(spec.activation, site)
}
