import { add, exp, fill, greater, less, log, matMul, max, mul, softmax, sub, sum, tensor2d, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from '../autodiff/stop-gradient.ts'
import type { Context, Distribution, Network, Params, Shape } from '../contracts.ts'
import { flattenContext } from '../networks/linear.ts'
import { mlp } from '../networks/mlp.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { uniform } from '../random/sample.ts'
import type { DistributionEntry, DistributionSite } from '../registry.ts'
import type { DistributionSpec, NetworkSpec } from '../spec.ts'
import { showShape } from '../support.ts'
import { contextWidth, joined, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { checked } from './checked.ts'
import { oneHot } from './one-hot.ts'

/** What `categorical` returns. */
export type CategoricalSpec = DistributionSpec & {
  readonly _tag: 'categorical'
  readonly categories: ReadonlyArray<number>
  readonly conditioner: NetworkSpec
}

/**
 * The joint distribution of C categories, exact and autoregressive: p(c) = prod_i p(c_i | c_1, ..., c_(i-1), context).
 *
 * An event [C] holds codes: c_i is one of 0, 1, ..., K_i - 1. Probabilities are with respect to counting measure; what is no code
 * has log-probability -Infinity. Each column has a network of its own, which sees the columns before it one-hot and the
 * context; the first column without a context has free logits. At the start all categories are equally likely where the network
 * ends in zeros, as `mlp` does.
 *
 * @param categories  K_1, ..., K_C, each at least 2
 * @param conditioner the network of each column after the first
 * @example flow({ base: categorical([2, 5]), bijector: ... })
 */
export const categorical = (
  categories: ReadonlyArray<number>,
  { conditioner = mlp({ hidden: [32] }) }: { readonly conditioner?: NetworkSpec } = {},
): CategoricalSpec => ({ _tag: 'categorical', categories, conditioner })

/** One entry for each column: free logits [1, K], or the parameters of its network. */
export type CategoricalParams = ReadonlyArray<{ readonly logits: Tensor } | { readonly conditioner: Params }>

/** What a column's logits are computed from. */
type Logits = {
  readonly trainable: Tree<boolean>
  init(key: Key): CategoricalParams[number]
  /** [N, K] or [1, K], from the codes of the columns before. */
  apply(params: CategoricalParams[number], before: ReadonlyArray<Tensor>, context: Context | undefined): Tensor
}

/** log softmax along the last axis; finite for logits within float32. */
const logSoftmax = (logits: Tensor): Tensor => {
  const shifted = sub(logits, stopGradient(max(logits, 1, true)))
  return sub(shifted, log(sum(exp(shifted), 1, true)))
}

/**
 * The distribution of codes [N, C] from the logits of each column.
 *
 * @param columns what the logits of each column are computed from
 */
const categoricalOf = (
  spec: CategoricalSpec,
  columns: ReadonlyArray<Logits>,
  contextShape: Tree<Shape> | undefined,
): Distribution<CategoricalParams> => {
  const counts = spec.categories
  const logProb = (params: CategoricalParams, codes: Tensor, context: Context | undefined): Tensor => {
    const hot = counts.map((count, i) => oneHot(codes, i, count))
    return columns
      .map(({ apply }, i) => {
        const chosen = sum(mul(hot[i]!, logSoftmax(apply(params[i]!, hot.slice(0, i), context))), 1)
        return where(less(sum(hot[i]!, 1), 0.5), fill(chosen.shape, -Infinity), chosen)
      })
      .reduce((a, b) => add(a, b))
  }
  const sample = (params: CategoricalParams, key: Key, n: number, context: Context | undefined): Tensor => {
    const keys = split(key, counts.length + 1)
    const codes: Tensor[] = []
    columns.forEach(({ apply }, i) => {
      const before = codes.map((code, j) => oneHot(code, 0, counts[j]!))
      codes.push(inverted(softmax(apply(params[i]!, before, context)), uniform(keys[i]!, [n, 1])))
    })
    return joined(codes, 1)
  }
  return checked({
    spec,
    space: {
      shape: [counts.length],
      support: { _tag: 'each', dimensions: counts.map(count => ({ _tag: 'categories', count })) },
    },
    contextShape,
    trainable: columns.map(({ trainable }) => trainable),
    init: key =>
      split(key, columns.length + 1)
        .slice(1)
        .map((k, i) => columns[i]!.init(k)),
    logProb: (params, x, context) => tidy(() => (x.size === 0 ? zeros([0]) : logProb(params, x, context))),
    sample: (params, key, n, context) => tidy(() => (n === 0 ? zeros([0, counts.length]) : sample(params, key, n, context))),
    sampleAndLogProb: (params, key, n, context) =>
      tidy(() => {
        if (n === 0) return { x: zeros([0, counts.length]), logProb: zeros([0]) }
        const x = sample(params, key, n, context)
        return { x, logProb: logProb(params, x, context) }
      }),
  })
}

/** The code at which the cumulative probabilities [N or 1, K] pass u [N, 1]. */
const inverted = (probabilities: Tensor, u: Tensor): Tensor => {
  const count = probabilities.shape[1]!
  const sums = tensor2d(
    Float32Array.from({ length: count * (count - 1) }, (_, at) => (Math.floor(at / (count - 1)) <= at % (count - 1) ? 1 : 0)),
    [count, count - 1],
  )
  const beyond = sub(u, matMul(probabilities, sums))
  return sum(where(greater(beyond, 0), fill(beyond.shape, 1), zeros(beyond.shape)), 1, true)
}

const freeLogits = (count: number): Logits => ({
  trainable: { logits: true },
  init: () => ({ logits: zeros([1, count]) }),
  apply: params => (params as { readonly logits: Tensor }).logits, // `init` made them
})

/** Logits from a network of the columns before, or of the context alone for the first column. */
const networkLogits = (network: Network, first: boolean): Logits => ({
  trainable: { conditioner: network.trainable },
  init: key => ({ conditioner: network.init(key) }),
  apply: (params, before, context) => {
    const { conditioner } = params as { readonly conditioner: Params } // `init` made them
    return first ? network.apply(conditioner, flattenContext(context!)) : network.apply(conditioner, joined(before, 1), context)
  },
})

export const categoricalEntry: DistributionEntry<CategoricalSpec> = {
  tag: 'categorical',
  build: (spec, site) => {
    checkCategories(spec.categories, site)
    const at = { path: [...site.path, 'conditioner'], autoregressive: false }
    const columns = spec.categories.map((count, i): Logits => {
      if (i === 0 && site.context === undefined) return freeLogits(count)
      const input = i === 0 ? contextWidth(site.context) : spec.categories.slice(0, i).reduce((n, k) => n + k, 0)
      const context = i === 0 ? undefined : site.context
      return networkLogits(site.builder.network(spec.conditioner, { ...at, context, input: [input], output: [count] }), i === 0)
    })
    return categoricalOf(spec, columns, site.context)
  },
}

const checkCategories = (categories: ReadonlyArray<number>, { shape, path }: DistributionSite): void => {
  const at = showPath([...path, 'categories'])
  if (!Array.isArray(categories) || categories.length === 0 || !categories.every(k => Number.isSafeInteger(k) && k >= 2))
    throw new RangeError(`build: expected numbers of categories, each at least 2, got ${JSON.stringify(categories)} at ${at}`)
  if (shape.length !== 1 || shape[0] !== categories.length)
    throw new RangeError(`build: expected ${showShape(shape)} numbers of categories, got ${categories.length} at ${at}`)
}
