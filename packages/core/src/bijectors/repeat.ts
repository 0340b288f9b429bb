import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import type { RepeatSpec } from '../specs.ts'
import { showPath } from '../tree.ts'
import { chainAt } from './chain.ts'

/**
 * The same layer `times` over, each with parameters of its own.
 *
 * @param scan whether the layers, from four on, are one loop where the flow is compiled: it compiles as fast as one layer, and runs no
 *             faster, since a gradient computes each layer again; each tensor of their parameters then holds those of all layers,
 *             along a new first axis
 * @example repeat(5, chain(coupling(mlp({ hidden: [64, 64] }), rationalQuadratic({ bins: 8 })), reverse()))
 */
export const repeat = (times: number, bijector: BijectorSpec, { scan = false }: { readonly scan?: boolean } = {}): RepeatSpec => ({
  _tag: 'repeat',
  times,
  bijector,
  ...(scan && { scan }),
})

export const repeatEntry: BijectorEntry<RepeatSpec> = {
  tag: 'repeat',
  build: (spec, site) => {
    if (!Number.isSafeInteger(spec.times) || spec.times < 1 || spec.times > 10_000)
      throw new RangeError(`build: expected 1 to 10000 repetitions, got ${spec.times} at ${showPath([...site.path, 'times'])}`)
    const bijectors = Array.from({ length: spec.times }, () => spec.bijector)
    return { ...chainAt(bijectors, site, () => ['bijector'], spec.scan), spec }
  },
}
