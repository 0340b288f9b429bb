import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import type { RepeatSpec } from '../specs.ts'
import { showPath } from '../tree.ts'
import { chainAt } from './chain.ts'

/**
 * The same layer `times` over, each with parameters of its own.
 *
 * @example repeat(5, chain(coupling(mlp({ hidden: [64, 64] }), rationalQuadratic({ bins: 8 })), reverse()))
 */
export const repeat = (times: number, bijector: BijectorSpec): RepeatSpec => ({ _tag: 'repeat', times, bijector })

export const repeatEntry: BijectorEntry<RepeatSpec> = {
  tag: 'repeat',
  build: (spec, site) => {
    if (!Number.isSafeInteger(spec.times) || spec.times < 1 || spec.times > 10_000)
      throw new RangeError(`build: expected 1 to 10000 repetitions, got ${spec.times} at ${showPath([...site.path, 'times'])}`)
    const bijectors = Array.from({ length: spec.times }, () => spec.bijector)
    return { ...chainAt(bijectors, site, () => ['bijector']), spec }
  },
}
