import { bijectors, build, builtins, flow, realSpace, register, standardNormal } from '@diffeo/core'
import type { BijectorSite, BijectorSpec, Network, NetworkSite, NetworkSpec, Sizes, Transformer, TransformerSpec } from '@diffeo/core'

/** What a bijector's entry is given at its site: the way to a transformer or a network by itself, through the public registry. */
const atSite = <A>(sizes: Sizes, take: (site: BijectorSite) => A): A => {
  const taken: A[] = []
  const probe: BijectorSpec = { _tag: 'probe' }
  const registry = register(builtins, {
    bijector: [
      {
        tag: 'probe',
        build: (_, site) => {
          taken.push(take(site))
          return bijectors.chain([], realSpace(site.shape))
        },
      },
    ],
  })
  build(flow({ base: standardNormal(), bijector: probe }), sizes, registry)
  return taken[0]!
}

export const transformerOf = (spec: TransformerSpec): Transformer =>
  atSite({ event: [1] }, site => site.builder.transformer(spec, { context: undefined, path: [] }))

export const networkOf = (spec: NetworkSpec, site: Omit<NetworkSite, 'builder' | 'path'>): Network =>
  atSite({ event: [1] }, ({ builder }) => builder.network(spec, { ...site, path: [] }))
