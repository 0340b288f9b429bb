import { zeros } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape, Transformer } from '../contracts.ts'
import { keepsAdjacency } from '../networks/graph-made.ts'
import type { MadeParams } from '../networks/made.ts'
import { isDifferentiated } from '../control/scan.ts'
import { isTracing } from '../ops/tracer.ts'
import { split } from '../random/key.ts'
import type { BijectorEntry } from '../registry.ts'
import type { NetworkSpec, TransformerSpec } from '../spec.ts'
import type { AutoregressiveSpec } from '../specs.ts'
import { handle, sumEvent, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import type { AutoregressiveOps } from './autoregressive-ops.ts'
import { autoregressiveOps, passByPass } from './autoregressive-ops.ts'
import { dependenciesOf } from './dependencies.ts'
import { elementwise, elementwiseEntry, transformerSite, withParameters } from './elementwise.ts'
import { vectorLength } from './vector.ts'

/**
 * A masked autoregressive layer: y_i = transformer(x_i; conditioner_i(x_1 .. x_{i-1}, context)) (MAF, Papamakarios et al. 2017,
 * eq. 3; IAF, Kingma et al. 2016).
 *
 * forward is one pass of the network, inverse takes D, or one kernel where it is compiled. At D = 1 nothing conditions but the context.
 *
 * @param conditioner an autoregressive network such as `made`
 * @param passes      dimensions in so many blocks of one size, each conditioned on the blocks before it, so that the inverse takes as many passes: 2 is
 *                    a coupling, D the full layer
 * @param adjacency   instead, row i says on which dimensions y_i is conditioned, and on which numbers of the context if the row is that long (else on
 *                    all of them); the diagonal is not read. No cycles; the inverse takes a pass for each level of the graph
 * @example autoregressive(made({ hidden: [128, 128] }), affine())
 * @see https://arxiv.org/abs/1705.07057
 */
export const autoregressive = (
  conditioner: NetworkSpec,
  transformer: TransformerSpec,
  { passes, adjacency }: Pick<AutoregressiveSpec, 'passes' | 'adjacency'> = {},
): AutoregressiveSpec => ({
  _tag: 'autoregressive',
  conditioner,
  transformer,
  ...(passes !== undefined && { passes }),
  ...(adjacency !== undefined && { adjacency }),
})

/** The conditioner's parameters, and those that the transformer has of its own. */
export type AutoregressiveParams = { readonly conditioner: Params; readonly transformer: Params }

/**
 * A masked autoregressive layer of a network and a transformer.
 *
 * @param conditioner [N, D] to [N, D, size], output i a function of inputs before i, or of those of lower levels
 * @param levels      for each dimension how many passes of the inverse come before its own; as many as there are dimensions before it unless given
 */
export const autoregressiveBijector = (
  conditioner: Network,
  transformer: Transformer,
  dim: number,
  contextShape?: Tree<Shape>,
  levels?: ReadonlyArray<number>,
): Bijector<AutoregressiveParams> => {
  const space = { shape: [dim], support: transformer.domain }
  const ops = autoregressiveOps(conditioner, transformer)
  // in a trace, where the context is what it was built for
  const opsFor = (context: Context | undefined): AutoregressiveOps | undefined =>
    isTracing() && (context === undefined) === (contextShape === undefined) ? ops : undefined
  return {
    spec: autoregressive(conditioner.spec, transformer.spec),
    contextShape,
    base: space,
    data: { ...space, support: transformer.range },
    cost: { forward: 'parallel', inverse: transformer.isIterative ? 'iterative' : 'sequential' },
    trainable: { conditioner: conditioner.trainable, transformer: transformer.trainable },
    init: key => {
      const [conditionerKey, transformerKey] = split(key)
      return { conditioner: conditioner.init(conditionerKey!), transformer: transformer.init(transformerKey!) }
    },
    forward: (params, x, context, key) =>
      tidy(() => {
        // a gradient needs what the network computes on the way
        const one = isDifferentiated() ? undefined : opsFor(context)
        if (one !== undefined) return one.forward(params.conditioner as MadeParams, x, context) // its network is a made
        const theta = conditioner.apply(params.conditioner, x, context, key)
        const { y, logDeriv } = transformer.forward(params.transformer, theta, x)
        return { y, logDet: sumEvent(logDeriv) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        // tfjs' WASM kernel of where writes the mask's one row past the end of no rows
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const one = opsFor(context)
        if (one !== undefined) return one.inverse(params.conditioner as MadeParams, y, context) // its network is a made
        return passByPass(
          y,
          known => transformer.inverse(params.transformer, conditioner.apply(params.conditioner, known, context, key), y),
          levels,
        )
      }),
  }
}

export const autoregressiveEntry: BijectorEntry<AutoregressiveSpec> = {
  tag: 'autoregressive',
  build: (spec, site) => {
    const dim = vectorLength('autoregressive', site)
    if (dim === 1 && site.context === undefined) return { ...elementwiseEntry.build(elementwise(spec.transformer), site), spec }
    const dependencies = dim === 1 ? undefined : dependenciesOf(spec, dim, site)
    const transformer = withParameters(site.builder.transformer(spec.transformer, transformerSite(site)), site)
    const conditioner = site.builder.network(spec.conditioner, {
      context: site.context,
      path: [...site.path, 'conditioner'],
      input: [dim],
      output: [dim, transformer.size],
      autoregressive: true,
      support: transformer.domain,
      ...(dependencies && { adjacency: dependencies.adjacency }),
    })
    if (dependencies && !keepsAdjacency(conditioner))
      throw new RangeError(
        `build: expected a network that keeps to an adjacency such as 'made', got '${spec.conditioner._tag}' at ${showPath([...site.path, 'conditioner'])}`,
      )
    return { ...autoregressiveBijector(conditioner, transformer, dim, site.context, dependencies?.levels), spec }
  },
}
