import { gather, slice, tensor1d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Params, Support, Transformer } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { eachSupport, isScalar } from '../support.ts'
import { joined, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { columns } from './theta.ts'

/** What `each` returns. */
export type EachSpec = TransformerSpec & { readonly _tag: 'each'; readonly transformers: ReadonlyArray<TransformerSpec> }

/**
 * A transformer of its own for each dimension of a vector: a table's angles, positive and bounded columns beside its real ones.
 *
 * theta [N, D, size]: as wide as the widest of them; the others read the first numbers of their dimension.
 *
 * @param transformers one for each dimension of the event; a coupling takes those of the dimensions that it moves
 * @example autoregressive(made(), each([affine(), rationalQuadratic(), affine()]))
 */
export const each = (transformers: ReadonlyArray<TransformerSpec>): EachSpec => ({ _tag: 'each', transformers })

/** Dimensions that one transformer takes. */
interface Group {
  readonly transformer: Transformer
  readonly at: ReadonlyArray<number>
}

/**
 * A transformer of its own for each dimension: those of equal specs are one, with one tree of parameters.
 *
 * @param transformers one for each dimension that is transformed
 */
export const eachTransformer = (spec: EachSpec, transformers: ReadonlyArray<Transformer>): Transformer<ReadonlyArray<Params>> => {
  const groups = grouped(transformers)
  const order = groups.flatMap(group => group.at)
  const back = [...order.keys()].sort((a, b) => order[a]! - order[b]!)
  const run =
    (direction: (group: Group, params: Params, theta: Tensor, x: Tensor) => readonly [Tensor, Tensor]) =>
    (params: ReadonlyArray<Params>, theta: Tensor, x: Tensor): readonly [Tensor, Tensor] =>
      tidy(() => {
        const parts = groups.map((group, i) => direction(group, params[i]!, thetaOf(group, theta), dimensionsAt(x, group.at)))
        const whole = (k: 0 | 1): Tensor =>
          dimensionsAt(
            joined(
              parts.map(part => part[k]),
              1,
            ),
            back,
          )
        return [whole(0), whole(1)] as const
      })
  const forward = run(({ transformer }, params, theta, x) => {
    const { y, logDeriv } = transformer.forward(params, theta, x)
    return [y, logDeriv]
  })
  const inverse = run(({ transformer }, params, theta, y) => {
    const { x, logDeriv } = transformer.inverse(params, theta, y)
    return [x, logDeriv]
  })
  return {
    spec,
    size: Math.max(...transformers.map(t => t.size)),
    domain: supportOf(transformers.map(t => t.domain)),
    range: supportOf(transformers.map(t => t.range)),
    trainable: groups.map(group => group.transformer.trainable),
    isIterative: transformers.some(t => t.isIterative === true),
    init: key => {
      const keys = split(key, groups.length)
      return groups.map((group, i) => group.transformer.init(keys[i]!))
    },
    forward: (params, theta, x) => {
      const [y, logDeriv] = forward(params, theta, x)
      return { y, logDeriv }
    },
    inverse: (params, theta, y) => {
      const [x, logDeriv] = inverse(params, theta, y)
      return { x, logDeriv }
    },
  }
}

const grouped = (transformers: ReadonlyArray<Transformer>): ReadonlyArray<Group> => {
  const names = transformers.map(t => JSON.stringify(t.spec))
  return [...new Set(names)].map(name => {
    const at = [...names.keys()].filter(i => names[i] === name)
    return { transformer: transformers[at[0]!]!, at }
  })
}

/** x [N, D, ...] at some of its dimensions: a slice where they stand in a row. */
const dimensionsAt = (x: Tensor, at: ReadonlyArray<number>): Tensor => {
  const [first, rest] = [at[0]!, x.shape.slice(2)]
  if (at.every((from, i) => from === first + i))
    return at.length === x.shape[1] ? x : slice(x, [0, first, ...rest.map(() => 0)], [-1, at.length, ...rest])
  return x.size > 0 ? gather(x, tensor1d([...at], 'int32'), 1) : zeros([x.shape[0]!, at.length, ...rest])
}

/** The numbers of a group: theta [N, D, size] at its dimensions, as many as its transformer reads. */
const thetaOf = ({ transformer, at }: Group, theta: Tensor): Tensor => {
  if (transformer.size === 0) return zeros([theta.shape[0]!, at.length, 0])
  const own = dimensionsAt(theta, at)
  return transformer.size === theta.shape.at(-1) ? own : columns(own, 0, transformer.size)
}

/** The support of a vector of which each dimension has its own; of one dimension, its own. */
const supportOf = (supports: ReadonlyArray<Support>): Support => {
  const scalars = supports.filter(isScalar)
  if (scalars.length < supports.length) throw new TypeError('each: expected transformers of single values')
  return eachSupport(scalars)
}

export const eachEntry: TransformerEntry<EachSpec> = {
  tag: 'each',
  build: (spec, site) => {
    const at = site.dimensions?.at
    if (site.dimensions === undefined || at === undefined)
      throw new RangeError(`build: expected 'each' to get a vector event [D], got another at ${showPath(site.path)}`)
    const where = [...site.path, 'transformers']
    if (!Array.isArray(spec.transformers) || spec.transformers.length !== site.dimensions.of)
      throw new RangeError(
        `build: expected a list of ${site.dimensions.of} transformers, one for each dimension of the event, got ${Array.isArray(spec.transformers) ? spec.transformers.length : typeof spec.transformers} at ${showPath(where)}`,
      )
    const built = at.map(i =>
      site.builder.transformer(spec.transformers[i]!, { ...site, dimensions: { of: 1, at: [0] }, path: [...where, i] }),
    )
    return eachTransformer(spec, built)
  },
}
