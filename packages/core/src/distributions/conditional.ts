import { add, reshape, slice, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Network, Params } from '../contracts.ts'
import { flattenContext } from '../networks/linear.ts'
import { mlp } from '../networks/mlp.ts'
import type { Key } from '../random/key.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec, NetworkSpec } from '../spec.ts'
import { contextWidth, sumEvent, tidy } from '../tensor.ts'
import { clipped } from '../transformers/scalar-functions.ts'
import { showPath } from '../tree.ts'
import { checked } from './checked.ts'
import { diagonalNormal } from './normal.ts'
import { drawn, univariateOf, valueLogProb } from './univariate.ts'
import type { Leaves } from './univariate.ts'

/** What `conditionalDistribution` and `conditionalNormal` return. */
export type ConditionalDistributionSpec = DistributionSpec & {
  readonly _tag: 'conditionalDistribution'
  readonly conditioner: NetworkSpec
  readonly distribution: DistributionSpec
}

/**
 * Independent values whose parameters are computed from the context: each leaf of the distribution is where it starts plus what the network gives, so
 * that a fresh network leaves it as it is. For every distribution of single values: diagonalNormal, laplace, studentT, gamma, truncated ones, ...
 * What the network gives is clipped to a million, and to 20 where the leaf is a logarithm, so that densities are finite however far the network is.
 * Samples are reparameterized as those of the distribution are.
 *
 * @param conditioner maps the context [C] to the leaves; its parameters are the only ones
 * @example conditionalDistribution(mlp({ hidden: [32] }), gamma())
 */
export const conditionalDistribution = (conditioner: NetworkSpec, distribution: DistributionSpec): ConditionalDistributionSpec => ({
  _tag: 'conditionalDistribution',
  conditioner,
  distribution,
})

/**
 * A normal distribution whose mean and scale are computed from the context: a base that depends on it (nflows' ConditionalDiagonalNormal).
 *
 * @example flow({ base: conditionalNormal(mlp({ hidden: [32] })), bijector: maf().bijector })
 */
export const conditionalNormal = (conditioner: NetworkSpec = mlp()): ConditionalDistributionSpec =>
  conditionalDistribution(conditioner, diagonalNormal())

export const conditionalDistributionEntry: DistributionEntry<ConditionalDistributionSpec> = {
  tag: 'conditionalDistribution',
  build: (spec, site) => {
    const at = [...site.path, 'distribution']
    const inner = site.builder.distribution(spec.distribution, { context: undefined, path: at, shape: site.shape })
    const univariate = univariateOf(inner)
    if (univariate === undefined)
      throw new RangeError(`build: expected a distribution of single values, got '${spec.distribution._tag}' at ${showPath(at)}`)
    const names = Object.keys(univariate.start)
    if (names.length === 0)
      throw new RangeError(`build: expected a distribution with parameters, got '${spec.distribution._tag}' without any at ${showPath(at)}`)
    if (site.context === undefined)
      throw new RangeError(
        `build: expected a context for 'conditionalDistribution', got none at ${showPath(site.path)}; give build its shape`,
      )
    const { shape } = site
    const network: Network = site.builder.network(spec.conditioner, {
      context: undefined,
      path: [...site.path, 'conditioner'],
      input: [contextWidth(site.context)],
      output: [...shape, names.length],
      autoregressive: false,
    })
    const leavesOf = (params: Params, context: Context | undefined): Leaves => {
      const given = network.apply(params, flattenContext(context!)) // `checked` has seen it
      const rows = given.shape[0]!
      const part = (i: number): Tensor => {
        const from = [...given.shape.map(() => 0).slice(1), i]
        return reshape(slice(given, from, [rows, ...shape, 1]), [rows, ...shape])
      }
      const bounded = (name: string, x: Tensor): Tensor => (name.startsWith('log') ? clipped(x, -20, 20) : clipped(x, -1e6, 1e6))
      return Object.fromEntries(names.map((name, i) => [name, add(bounded(name, part(i)), univariate.start[name]!)]))
    }
    const logProb = (params: Params, x: Tensor, context?: Context): Tensor => {
      if (x.size === 0) return zeros([0])
      return sumEvent(valueLogProb(univariate, leavesOf(params, context), x))
    }
    const sample = (params: Params, key: Key, n: number, context?: Context): Tensor =>
      n === 0 ? zeros([0, ...shape]) : drawn(univariate, leavesOf(params, context), key, [n, ...shape])
    return checked<Params>({
      spec,
      space: inner.space,
      contextShape: site.context,
      trainable: network.trainable,
      init: key => network.init(key),
      logProb: (params, x, context) => tidy(() => logProb(params, x, context)),
      sample: (params, key, n, context) => tidy(() => sample(params, key, n, context)),
      sampleAndLogProb: (params, key, n, context) =>
        tidy(() => {
          const x = sample(params, key, n, context)
          return { x, logProb: logProb(params, x, context) }
        }),
    })
  },
}
