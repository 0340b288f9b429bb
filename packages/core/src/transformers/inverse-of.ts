import type { Params, Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { tidy } from '../tensor.ts'

/** What `inverseOf` returns. */
export type InverseOfSpec = TransformerSpec & { readonly _tag: 'inverseOf'; readonly transformer: TransformerSpec }

/**
 * The inverse of a transformer, its domain and range exchanged: a map of the data onto the real line is the inverse of one from there.
 *
 * @example elementwise(inverseOf(softplus()))
 */
export const inverseOf = (transformer: TransformerSpec): InverseOfSpec => ({ _tag: 'inverseOf', transformer })

/** The transformer with its two directions exchanged. */
export const inverseTransformer = <P extends Params>(inner: Transformer<P>): Transformer<P> => ({
  spec: inverseOf(inner.spec),
  size: inner.size,
  domain: inner.range,
  range: inner.domain,
  trainable: inner.trainable,
  init: key => inner.init(key),
  forward: (params, theta, x) =>
    tidy(() => {
      const { x: y, logDeriv } = inner.inverse(params, theta, x)
      return { y, logDeriv }
    }),
  inverse: (params, theta, y) =>
    tidy(() => {
      const { y: x, logDeriv } = inner.forward(params, theta, y)
      return { x, logDeriv }
    }),
})

export const inverseOfEntry: TransformerEntry<InverseOfSpec> = {
  tag: 'inverseOf',
  build: (spec, site) => inverseTransformer(site.builder.transformer(spec.transformer, { ...site, path: [...site.path, 'transformer'] })),
}
