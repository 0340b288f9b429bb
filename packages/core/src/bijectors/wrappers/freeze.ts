import type { Bijector, Params } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { mapTree } from '../../tree.ts'

/** What `freeze` returns. */
export type FreezeSpec = BijectorSpec & { readonly _tag: 'freeze'; readonly bijector: BijectorSpec }

/**
 * A bijector whose parameters are not trained: they stay as they were drawn or loaded, and nothing adapts them to data.
 *
 * @example chain(freeze(orthogonal()), coupling(mlp(), affine()))
 */
export const freeze = (bijector: BijectorSpec): FreezeSpec => ({ _tag: 'freeze', bijector })

/** The bijector with nothing to train. */
export const freezeBijector = <P extends Params>(inner: Bijector<P>): Bijector<P> => ({
  spec: freeze(inner.spec),
  contextShape: inner.contextShape,
  base: inner.base,
  data: inner.data,
  cost: inner.cost,
  trainable: mapTree(() => false, inner.trainable),
  init: key => inner.init(key),
  forward: (params, x, context, key) => inner.forward(params, x, context, key),
  inverse: (params, y, context, key) => inner.inverse(params, y, context, key),
  ...(inner.on && { on: (side, support) => freezeBijector(inner.on!(side, support)) }),
})

export const freezeEntry: BijectorEntry<FreezeSpec> = {
  tag: 'freeze',
  build: (spec, site) => freezeBijector(site.builder.bijector(spec.bijector, { ...site, path: [...site.path, 'bijector'] })),
}
