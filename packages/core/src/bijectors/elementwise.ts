import { zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape, Transformer } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { BijectorEntry, BijectorSite, Site, TransformerSite } from '../registry.ts'
import type { NetworkSpec, TransformerSpec } from '../spec.ts'
import type { ConditionalSpec, ElementwiseSpec } from '../specs.ts'
import { contextWidth, sumEvent, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { flattenContext } from '../networks/linear.ts'

/**
 * A transformer on every dimension, its theta a parameter.
 *
 * @example elementwise(affine())
 */
export const elementwise = (transformer: TransformerSpec): ElementwiseSpec => ({ _tag: 'elementwise', transformer })

/**
 * A transformer on every dimension, its theta computed from the context alone.
 *
 * @example conditional(mlp({ hidden: [32] }), affine())
 */
export const conditional = (conditioner: NetworkSpec, transformer: TransformerSpec): ConditionalSpec => ({
  _tag: 'conditional',
  conditioner,
  transformer,
})

/** theta is [1, ...shape, size]; a transformer of size 0 has none. */
export type ElementwiseParams = { readonly theta?: Tensor; readonly transformer: Params }
/** The conditioner's parameters, and those that the transformer has of its own. */
export type ConditionalParams = { readonly conditioner: Params; readonly transformer: Params }

/**
 * A transformer on every dimension, its theta a parameter.
 *
 * @param shape the event's shape
 */
export const elementwiseBijector = (transformer: Transformer, shape: Shape): Bijector<ElementwiseParams> => {
  const start = (): Tensor => zeros([1, ...shape, transformer.size])
  const isFixed = transformer.size === 0
  return driven(transformer, shape, {
    spec: elementwise(transformer.spec),
    contextShape: undefined,
    trainable: { ...(!isFixed && { theta: true }), transformer: transformer.trainable },
    init: key => ({ ...(!isFixed && { theta: start() }), transformer: transformer.init(key) }),
    theta: params => params.theta ?? start(),
  })
}

/**
 * A transformer on every dimension, its theta computed from the context alone.
 *
 * @param conditioner maps the flattened context [N, C] to theta [N, ...shape, size]
 */
export const conditionalBijector = (
  conditioner: Network,
  transformer: Transformer,
  shape: Shape,
  contextShape: Tree<Shape>,
): Bijector<ConditionalParams> =>
  driven(transformer, shape, {
    spec: conditional(conditioner.spec, transformer.spec),
    contextShape,
    trainable: { conditioner: conditioner.trainable, transformer: transformer.trainable },
    init: key => {
      const [networkKey, transformerKey] = split(key)
      return { conditioner: conditioner.init(networkKey!), transformer: transformer.init(transformerKey!) }
    },
    theta: (params, context) => conditioner.apply(params.conditioner, flattenContext(context!)),
  })

interface Driver<P extends Params> extends Pick<Bijector<P>, 'spec' | 'contextShape' | 'trainable' | 'init'> {
  theta(params: P, context?: Context): Tensor
}

const driven = <P extends Params & { readonly transformer: Params }>(
  transformer: Transformer,
  shape: Shape,
  { theta, ...rest }: Driver<P>,
): Bijector<P> => ({
  ...rest,
  base: { shape, support: transformer.domain },
  data: { shape, support: transformer.range },
  cost: { forward: 'parallel', inverse: transformer.isIterative ? 'iterative' : 'parallel' },
  forward: (params, x, context) =>
    tidy(() => {
      const { y, logDeriv } = transformer.forward(params.transformer, theta(params, context), x)
      return { y, logDet: sumEvent(logDeriv) }
    }),
  inverse: (params, y, context) =>
    tidy(() => {
      const { x, logDeriv } = transformer.inverse(params.transformer, theta(params, context), y)
      return { x, logDet: sumEvent(logDeriv) }
    }),
})

export const elementwiseEntry: BijectorEntry<ElementwiseSpec> = {
  tag: 'elementwise',
  build: (spec, site) => elementwiseBijector(transformerAt(spec, site), site.shape),
}

export const conditionalEntry: BijectorEntry<ConditionalSpec> = {
  tag: 'conditional',
  build: (spec, site) => {
    if (site.context === undefined)
      throw new RangeError(`build: expected a context for 'conditional', got none at ${showPath(site.path)}; give build its shape`)
    const transformer = withParameters(transformerAt(spec, site), site)
    const conditioner = site.builder.network(spec.conditioner, {
      context: undefined,
      path: [...site.path, 'conditioner'],
      input: [contextWidth(site.context)],
      output: [...site.shape, transformer.size],
      autoregressive: false,
    })
    return conditionalBijector(conditioner, transformer, site.shape, site.context)
  },
}

const transformerAt = (spec: { readonly transformer: TransformerSpec }, site: BijectorSite): Transformer =>
  site.builder.transformer(spec.transformer, transformerSite(site))

/** The site of a transformer of some dimensions of a bijector's event; of all of them unless given. */
export const transformerSite = (site: BijectorSite, at?: ReadonlyArray<number>): Omit<TransformerSite, 'builder'> => {
  const [dim] = site.shape
  const dimensions = site.shape.length === 1 && dim !== undefined && { of: dim, at: at ?? [...Array(dim).keys()] }
  return { context: site.context, path: [...site.path, 'transformer'], ...(dimensions && { dimensions }) }
}

/**
 * The transformer, which a network is to condition.
 *
 * @throws RangeError when it has no parameters for a network to give
 */
export const withParameters = (transformer: Transformer, site: Site): Transformer => {
  if (transformer.size === 0)
    throw new RangeError(
      `build: expected a transformer with parameters to condition, got '${transformer.spec._tag}' with none at ${showPath([...site.path, 'transformer'])}; put it into 'elementwise'`,
    )
  return transformer
}
