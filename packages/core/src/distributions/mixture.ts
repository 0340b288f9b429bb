import { add, equal, fill, mul, reshape, stack, tensor1d, tensor2d, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Distribution, Params, Shape } from '../contracts.ts'
import { foldIn, key as keyOf, split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { logSoftmax, logSumExp } from '../special/log-sum-exp.ts'
import { kMeans } from '../statistics/k-means.ts'
import { isWithin, showSupport } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, mapTree, showPath, zipTree } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { drawnIndices } from './categorical-draw.ts'
import { checked } from './checked.ts'

/** What `mixture` returns. */
export type MixtureSpec = DistributionSpec & { readonly _tag: 'mixture'; readonly components: ReadonlyArray<DistributionSpec> }

/**
 * A mixture of distributions on one support: p(x) = sum_k w_k p_k(x), w the softmax of the leaf `logits` [K].
 *
 * A fresh mixture has equal weights, and its components are apart by normal noise of deviation 0.1 on every trained leaf: alike, they would stay so.
 * `adapt` starts it from a batch: clusters of k-means from k-means++ centres, the weights their shares, each component that can be set from rows set
 * from those of its cluster; `fit` does that to the base of a flow. Samples are reparameterized in the components' parameters as they are, given
 * which component is drawn, and not in the weights. A context goes to every component that takes one.
 *
 * @example mixture(Array.from({ length: 8 }, () => multivariateNormal()))
 */
export const mixture = (components: ReadonlyArray<DistributionSpec>): MixtureSpec => ({ _tag: 'mixture', components })

/** Unnormalized log-weights [K], and the parameters of each component. */
export type MixtureParams = { readonly logits: Tensor; readonly components: ReadonlyArray<Params> }

/**
 * A mixture of built distributions.
 *
 * @throws RangeError when they are not on one support
 */
export const mixtureDistribution = (
  components: ReadonlyArray<Distribution>,
  contextShape: Tree<Shape> | undefined,
): Distribution<MixtureParams> => {
  const [first] = components
  const { shape, support } = first!.space
  const other = components.find(({ space }) => !isWithin(space.support, support) || !isWithin(support, space.support))
  if (other) throw new RangeError(`mixture: expected components on ${showSupport(support)}, got one on ${showSupport(other.space.support)}`)
  const given = (context: Context | undefined, { contextShape: wanted }: Distribution): Context | undefined =>
    wanted === undefined ? undefined : context

  const logProb = (params: MixtureParams, x: Tensor, context?: Context, key?: Key): Tensor => {
    if (x.size === 0) return zeros([0])
    const each = components.map((component, k) => component.logProb(params.components[k]!, x, given(context, component), key))
    return logSumExp(add(stack(each, 1), logSoftmax(params.logits)))
  }
  const sample = (params: MixtureParams, key: Key, n: number, context?: Context): Tensor => {
    if (n === 0) return zeros([0, ...shape])
    const [indexKey, valueKey] = split(key)
    const index = reshape(drawnIndices(reshape(params.logits, [1, components.length]), indexKey!, n), [n, ...shape.map(() => 1)])
    const spread = add(index, zeros([n, ...shape]))
    return components
      .map((component, k) => component.sample(params.components[k]!, foldIn(valueKey!, k), n, given(context, component)))
      .reduce((chosen, drawn, k) => where(equal(spread, fill(spread.shape, k)), drawn, chosen))
  }
  return checked({
    spec: mixture(components.map(({ spec }) => spec)),
    space: first!.space,
    contextShape,
    trainable: { logits: true, components: components.map(({ trainable }) => trainable) },
    init: key =>
      tidy(() => {
        const keys = split(key, components.length)
        return {
          logits: zeros([components.length]),
          components: components.map((component, k) => apart(component, component.init(keys[k]!), foldIn(keys[k]!, 1))),
        }
      }),
    adapt: (params: MixtureParams, batch: Tensor) => tidy(() => adapted(components, params, batch)),
    logProb: (params: MixtureParams, x, context, key) => tidy(() => logProb(params, x, context, key)),
    sample: (params: MixtureParams, key, n, context) => tidy(() => sample(params, key, n, context)),
    sampleAndLogProb: (params: MixtureParams, key, n, context) =>
      tidy(() => {
        const x = sample(params, key, n, context)
        return { x, logProb: logProb(params, x, context) }
      }),
  })
}

/** Parameters moved by noise where they are trained. */
const apart = ({ trainable }: Distribution, params: Params, key: Key): Params => {
  const order = leaves(params)
  return zipTree(
    (leaf: Tensor, isTrained: boolean) =>
      isTrained ? add(leaf, mul(0.1, normal(foldIn(key, order.indexOf(leaf)), leaf.shape))) : handle(leaf),
    params,
    trainable,
  )
}

/** Where k-means starts: the same batch gives the same parameters. */
const clusterKey = keyOf(0)

const adapted = (components: ReadonlyArray<Distribution>, params: MixtureParams, batch: Tensor): MixtureParams => {
  const [rows, shape, count] = [batch.shape[0]!, batch.shape.slice(1), components.length]
  if (rows < count) throw new RangeError(`mixture: expected at least ${count} rows to adapt to, got ${rows}`)
  const columns = shape.reduce((n, size) => n * size, 1)
  const values = batch.dataSync<'float32'>()
  const { assignment } = kMeans(clusterKey, { rows, columns, values }, count)
  const members = components.map((_, k) => Array.from({ length: rows }, (_, i) => i).filter(i => assignment[i] === k))
  return {
    // one row more for each: an empty cluster keeps a weight
    logits: tensor1d(members.map(({ length }) => Math.log((length + 1) / (rows + count)))),
    components: components.map((component, k) => {
      const own = members[k]!
      // of one row or none there is no spread
      if (component.adapt === undefined || own.length < 2) return mapTree(handle, params.components[k]!)
      const part = tensor2d(Float32Array.from(own.flatMap(i => [...values.subarray(i * columns, (i + 1) * columns)])), [
        own.length,
        columns,
      ])
      return component.adapt(params.components[k]!, reshape(part, [own.length, ...shape]))
    }),
  }
}

export const mixtureEntry: DistributionEntry<MixtureSpec> = {
  tag: 'mixture',
  build: (spec, site) => {
    if (!Array.isArray(spec.components) || spec.components.length === 0 || spec.components.length > 1000)
      throw new RangeError(`build: expected 1 to 1000 components at ${showPath([...site.path, 'components'])}`)
    const components = spec.components.map((component: DistributionSpec, k) =>
      site.builder.distribution(component, { ...site, path: [...site.path, 'components', k] }),
    )
    const takesContext = components.some(({ contextShape }) => contextShape !== undefined)
    return { ...mixtureDistribution(components, takesContext ? site.context : undefined), spec } as Distribution
  },
}
