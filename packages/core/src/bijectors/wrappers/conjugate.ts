import type { Bijector, Params } from '../../contracts.ts'
import { split } from '../../random/key.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { handle, tidy } from '../../tensor.ts'
import { mapTree } from '../../tree.ts'
import { adaptationOf } from '../adaptation.ts'
import { chainBijector } from '../chain.ts'
import { invertBijector } from '../invert.ts'

/** What `conjugate` returns. */
export type ConjugateSpec = BijectorSpec & { readonly _tag: 'conjugate'; readonly outer: BijectorSpec; readonly inner: BijectorSpec }

/**
 * A bijector in other coordinates: y = g(f(g^-1(x))), with one set of parameters of g (FlowJAX's Sandwich of g^-1).
 *
 * @param outer g, from the coordinates in which f works
 * @param inner f
 * @example conjugate(orthogonal(), elementwise(rationalQuadratic())) // splines along other axes
 */
export const conjugate = (outer: BijectorSpec, inner: BijectorSpec): ConjugateSpec => ({ _tag: 'conjugate', outer, inner })

/** The parameters of g and of f. */
export type ConjugateParams = { readonly outer: Params; readonly inner: Params }

/**
 * y = g(f(g^-1(x))).
 *
 * @throws RangeError when the spaces of f are not the base of g
 */
export const conjugateBijector = (outer: Bijector, inner: Bijector): Bijector<ConjugateParams> => {
  const chained = chainBijector([invertBijector(outer), inner, outer])
  const listed = ({ outer: g, inner: f }: ConjugateParams): ReadonlyArray<Params> => [g, f, g]
  return {
    spec: conjugate(outer.spec, inner.spec),
    contextShape: chained.contextShape,
    base: chained.base,
    data: chained.data,
    cost: chained.cost,
    trainable: { outer: outer.trainable, inner: inner.trainable },
    init: key => {
      const [outerKey, innerKey] = split(key)
      return { outer: outer.init(outerKey!), inner: inner.init(innerKey!) }
    },
    forward: (params, x, context, key) => chained.forward(listed(params), x, context, key),
    inverse: (params, y, context, key) => chained.inverse(listed(params), y, context, key),
    ...adaptationOf<ConjugateParams>(
      [inner],
      adapt => (params, side, batch, context) =>
        tidy(() => ({
          outer: mapTree(handle, params.outer),
          inner: adapt(inner, params.inner, side, outer.inverse(params.outer, batch, context).x, context),
        })),
    ),
  }
}

export const conjugateEntry: BijectorEntry<ConjugateSpec> = {
  tag: 'conjugate',
  build: (spec, site) => {
    const outer = site.builder.bijector(spec.outer, { ...site, side: 'data', path: [...site.path, 'outer'] })
    const inner = site.builder.bijector(spec.inner, { ...site, shape: outer.base.shape, path: [...site.path, 'inner'] })
    return { ...conjugateBijector(outer, inner), spec }
  },
}
