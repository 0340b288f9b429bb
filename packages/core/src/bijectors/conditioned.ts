import { add, concat, reshape, slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Network, Params } from '../contracts.ts'
import { flattenContext } from '../networks/linear.ts'
import type { BijectorSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import { contextWidth } from '../tensor.ts'
import { showPath } from '../tree.ts'

/**
 * The network that makes `count` numbers of the context for a bijector; undefined where its spec has none.
 *
 * @throws RangeError when there is no context to condition on
 */
export const contextNetwork = (conditioner: NetworkSpec | undefined, count: number, site: BijectorSite): Network | undefined => {
  if (conditioner === undefined) return undefined
  const path = [...site.path, 'conditioner']
  if (site.context === undefined) throw new RangeError(`build: expected a context, got none at ${showPath(path)}; give build its shape`)
  return site.builder.network(conditioner, {
    context: undefined,
    path,
    input: [contextWidth(site.context)],
    output: [count],
    autoregressive: false,
  })
}

/**
 * Vectors of parameters, each as rows [1, size], moved by what a network makes of the context: then [N, size] each.
 *
 * @param own vectors or scalars, in the order in which the network gives them
 */
export const movedByContext = (
  own: ReadonlyArray<Tensor>,
  network: Network | undefined,
  params: Params | undefined,
  context: Context | undefined,
): ReadonlyArray<Tensor> => {
  const rows = own.map(tensor => reshape(tensor, [1, tensor.size]))
  if (network === undefined || params === undefined || context === undefined) return rows
  const moved = add(concat(rows, 1), network.apply(params, flattenContext(context)))
  const starts = own.map((_, i) => own.slice(0, i).reduce((n, { size }) => n + size, 0))
  return own.map(({ size }, i) => slice(moved, [0, starts[i]!], [-1, size]))
}
