import type { Bijector, Context, Network, Params, Shape } from '../../contracts.ts'
import { flattenContext } from '../../networks/linear.ts'
import { split } from '../../random/key.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../../spec.ts'
import { contextWidth, handle, tidy } from '../../tensor.ts'
import { mapTree, showPath } from '../../tree.ts'
import type { Tree } from '../../tree.ts'
import { adaptationOf } from '../adaptation.ts'
import { checkCount } from '../linear/fields.ts'

/** What `embed` returns. */
export type EmbedSpec = BijectorSpec & {
  readonly _tag: 'embed'
  readonly network: NetworkSpec
  readonly features: number
  readonly bijector: BijectorSpec
}

/**
 * A bijector that gets an embedding of the context in its place: one network reads the context for all the layers within (nflows' embedding_net,
 * FlowJAX's EmbedCondition).
 *
 * @param network  of the flattened context
 * @param features how many numbers it makes of the context
 * @example embed(mlp({ hidden: [64] }), 16, repeat(5, chain(coupling(mlp(), affine()), reverse())))
 */
export const embed = (network: NetworkSpec, features: number, bijector: BijectorSpec): EmbedSpec => ({
  _tag: 'embed',
  network,
  features,
  bijector,
})

/** The network's parameters and the bijector's. */
export type EmbedParams = { readonly network: Params; readonly bijector: Params }

/**
 * A bijector that gets an embedding of the context in its place.
 *
 * @param network maps the flattened context [N, C] to [N, features]
 * @param inner   takes a context [features]
 */
export const embedBijector = (network: Network, inner: Bijector, contextShape: Tree<Shape>): Bijector<EmbedParams> => {
  const embedded = (params: EmbedParams, context: Context | undefined): Context | undefined =>
    context && network.apply(params.network, flattenContext(context))
  return {
    spec: embed(network.spec, (inner.contextShape as Shape | undefined)?.[0] ?? 1, inner.spec),
    contextShape,
    base: inner.base,
    data: inner.data,
    cost: inner.cost,
    trainable: { network: network.trainable, bijector: inner.trainable },
    init: key => {
      const [networkKey, innerKey] = split(key)
      return { network: network.init(networkKey!), bijector: inner.init(innerKey!) }
    },
    forward: (params, x, context, key) => tidy(() => inner.forward(params.bijector, x, embedded(params, context), key)),
    inverse: (params, y, context, key) => tidy(() => inner.inverse(params.bijector, y, embedded(params, context), key)),
    ...adaptationOf<EmbedParams>(
      [inner],
      adapt => (params, side, batch, context) =>
        tidy(() => ({
          network: mapTree(handle, params.network),
          bijector: adapt(inner, params.bijector, side, batch, embedded(params, context)),
        })),
    ),
  }
}

export const embedEntry: BijectorEntry<EmbedSpec> = {
  tag: 'embed',
  build: (spec, site) => {
    if (site.context === undefined)
      throw new RangeError(`build: expected a context for 'embed', got none at ${showPath(site.path)}; give build its shape`)
    checkCount(spec.features, 1, 65_536, site, 'features')
    const network = site.builder.network(spec.network, {
      context: undefined,
      path: [...site.path, 'network'],
      input: [contextWidth(site.context)],
      output: [spec.features],
      autoregressive: false,
    })
    const inner = site.builder.bijector(spec.bijector, { ...site, context: [spec.features], path: [...site.path, 'bijector'] })
    return { ...embedBijector(network, inner, site.context), spec }
  },
}
