import type { Bijector, Params } from '../contracts.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import type { InvertSpec } from '../specs.ts'
import { tidy } from '../tensor.ts'
import { adaptationOf } from './adaptation.ts'

/**
 * The inverse of a bijector. Couplings and autoregressive maps are cheap forward; inverted, they are cheap where a density is
 * scored.
 *
 * @example maf = invert(chain(autoregressive(made(), affine()), reverse()))
 */
export const invert = (bijector: BijectorSpec): InvertSpec => ({ _tag: 'invert', bijector })

const other = { base: 'data', data: 'base' } as const

/** The bijector with its two sides exchanged. */
export const invertBijector = <P extends Params>(inner: Bijector<P>): Bijector<P> => ({
  spec: invert(inner.spec),
  contextShape: inner.contextShape,
  base: inner.data,
  data: inner.base,
  cost: { forward: inner.cost.inverse, inverse: inner.cost.forward },
  trainable: inner.trainable,
  init: key => inner.init(key),
  forward: (params, x, context, key) =>
    tidy(() => {
      const step = inner.inverse(params, x, context, key)
      return { y: step.x, logDet: step.logDet }
    }),
  inverse: (params, y, context, key) =>
    tidy(() => {
      const step = inner.forward(params, y, context, key)
      return { x: step.y, logDet: step.logDet }
    }),
  // P is what the inner one takes and gives
  ...adaptationOf<P>(
    [inner as unknown as Bijector],
    adapt => (params, side, batch, context) => adapt(inner as unknown as Bijector, params, other[side], batch, context) as P,
  ),
  ...(inner.on && { on: (side, support) => invertBijector(inner.on!(other[side], support)) }),
})

export const invertEntry: BijectorEntry<InvertSpec> = {
  tag: 'invert',
  build: (spec, site) =>
    invertBijector(site.builder.bijector(spec.bijector, { ...site, side: other[site.side], path: [...site.path, 'bijector'] })),
}
