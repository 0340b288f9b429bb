import { slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Network, Params, Shape, Space, Support, Transformer } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { BijectorEntry, BijectorSite } from '../registry.ts'
import type { NetworkSpec, TransformerSpec } from '../spec.ts'
import type { CouplingMask, CouplingSpec } from '../specs.ts'
import { eachSupport, isScalar, supportAt } from '../support.ts'
import { columnsAt, joined, sumEvent, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { conditional, conditionalEntry, elementwise, elementwiseEntry, transformerSite, withParameters } from './elementwise.ts'
import { inverseOrder } from './permute.ts'
import { vectorLength } from './vector.ts'

/**
 * A coupling layer (NICE, Dinh et al. 2014; RealNVP, Dinh et al. 2017): some dimensions pass unchanged and condition a
 * transformer of the others.
 *
 *   y_a = x_a,   y_b = transformer(x_b; conditioner(x_a, context))
 *
 * Both directions take one pass. At D = 1 nothing conditions but the context.
 *
 * @param mask the dimensions that pass: the first half (default), every other one from the first ('even') or second ('odd'), the
 *             first `split`, or those that are true
 * @example coupling(mlp({ hidden: [64, 64] }), rationalQuadratic({ bins: 8 }))
 * @see https://arxiv.org/abs/1605.08803
 */
export const coupling = (
  conditioner: NetworkSpec,
  transformer: TransformerSpec,
  { mask = 'half' }: { readonly mask?: CouplingMask } = {},
): CouplingSpec => ({ _tag: 'coupling', conditioner, transformer, mask })

/** The conditioner's parameters, and those that the transformer has of its own. */
export type CouplingParams = { readonly conditioner: Params; readonly transformer: Params }

/**
 * A coupling layer of a network and a transformer.
 *
 * @param passes      for each dimension whether it passes unchanged; at least one does, at least one does not
 * @param conditioner [N, count of true] to [N, count of false, size]
 * @param passing     the support of what passes; that of the transformer's domain unless given
 */
export const couplingBijector = (
  conditioner: Network,
  transformer: Transformer,
  passes: ReadonlyArray<boolean>,
  contextShape?: Tree<Shape>,
  passing: Support = transformer.domain,
): Bijector<CouplingParams> => {
  const parts = partition(passes)
  const spaceOf = (moved: Support): Space => ({ shape: [passes.length], support: sideBySide(passes, passing, moved) })
  return {
    spec: coupling(conditioner.spec, transformer.spec, { mask: passes }),
    contextShape,
    base: spaceOf(transformer.domain),
    data: spaceOf(transformer.range),
    cost: { forward: 'parallel', inverse: transformer.isIterative ? 'iterative' : 'parallel' },
    trainable: { conditioner: conditioner.trainable, transformer: transformer.trainable },
    init: key => {
      const [conditionerKey, transformerKey] = split(key)
      return { conditioner: conditioner.init(conditionerKey!), transformer: transformer.init(transformerKey!) }
    },
    forward: (params, x, context, key) =>
      tidy(() => {
        const [xa, xb] = parts.separate(x)
        const theta = conditioner.apply(params.conditioner, xa, context, key)
        const { y, logDeriv } = transformer.forward(params.transformer, theta, xb)
        return { y: parts.join(xa, y), logDet: sumEvent(logDeriv) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        const [ya, yb] = parts.separate(y)
        const theta = conditioner.apply(params.conditioner, ya, context, key)
        const { x, logDeriv } = transformer.inverse(params.transformer, theta, yb)
        return { x: parts.join(ya, x), logDet: sumEvent(logDeriv) }
      }),
  }
}

export const couplingEntry: BijectorEntry<CouplingSpec> = {
  tag: 'coupling',
  build: (spec, site) => {
    const dim = vectorLength('coupling', site)
    if (dim === 1)
      return site.context === undefined
        ? { ...elementwiseEntry.build(elementwise(spec.transformer), site), spec }
        : { ...conditionalEntry.build(conditional(spec.conditioner, spec.transformer), site), spec }
    const passes = passesOf(spec.mask, dim, site)
    const transformerOf = (wanted: boolean): Transformer =>
      site.builder.transformer(spec.transformer, transformerSite(site, indices(passes, wanted)))
    const transformer = withParameters(transformerOf(false), site)
    const passing = transformerOf(true).domain
    const kept = passes.filter(Boolean).length
    const conditioner = site.builder.network(spec.conditioner, {
      context: site.context,
      path: [...site.path, 'conditioner'],
      input: [kept],
      output: [dim - kept, transformer.size],
      autoregressive: false,
      support: passing,
    })
    return { ...couplingBijector(conditioner, transformer, passes, site.context, passing), spec }
  },
}

/** The support of a vector of which some dimensions pass. */
const sideBySide = (passes: ReadonlyArray<boolean>, passing: Support, moved: Support): Support => {
  const [kept, others] = [indices(passes, true), indices(passes, false)]
  const dimensions = passes.map((isKept, i) => (isKept ? supportAt(passing, kept.indexOf(i)) : supportAt(moved, others.indexOf(i))))
  return dimensions.every(isScalar) ? eachSupport(dimensions) : moved
}

/**
 * A mask as booleans, true for the dimensions that pass.
 *
 * @throws RangeError naming the path when it is no mask, or none or all of the dimensions pass
 */
export const passesOf = (mask: CouplingMask, dim: number, site: BijectorSite): ReadonlyArray<boolean> => {
  const path = showPath([...site.path, 'mask'])
  const passes = masked(mask, dim)
  if (passes === undefined)
    throw new RangeError(
      `build: expected 'half', 'even', 'odd', a whole split or a list of booleans, got ${JSON.stringify(mask) ?? 'nothing'} at ${path}`,
    )
  const kept = passes.filter(Boolean).length
  if (passes.length !== dim) throw new RangeError(`build: expected a mask of ${dim} dimensions, got ${passes.length} at ${path}`)
  if (kept === 0 || kept === dim)
    throw new RangeError(`build: expected a mask that keeps 1 to ${dim - 1} of ${dim} dimensions, got ${kept} at ${path}`)
  return passes
}

const masked = (mask: CouplingMask, dim: number): ReadonlyArray<boolean> | undefined => {
  if (mask === 'half') return first(Math.floor(dim / 2), dim)
  if (mask === 'even') return Array.from({ length: dim }, (_, i) => i % 2 === 0)
  if (mask === 'odd') return Array.from({ length: dim }, (_, i) => i % 2 === 1)
  if (Array.isArray(mask)) return mask.every(passes => typeof passes === 'boolean') ? mask : undefined
  const split: unknown = (mask as { readonly split?: unknown } | null | undefined)?.split
  return Number.isInteger(split) ? first(split as number, dim) : undefined
}

const first = (count: number, dim: number): ReadonlyArray<boolean> => Array.from({ length: dim }, (_, i) => i < count)

/** The dimensions that pass and the others, apart and together again. */
export interface Partition {
  separate(x: Tensor): readonly [Tensor, Tensor]
  join(a: Tensor, b: Tensor): Tensor
}

/** Contiguous parts are slices; scattered ones are gathered. */
export const partition = (passes: ReadonlyArray<boolean>): Partition => {
  const kept = indices(passes, true)
  const moved = indices(passes, false)
  const columns = (x: Tensor, from: number, count: number): Tensor => slice(x, [0, from], [-1, count])
  const [k, m] = [kept.length, moved.length]
  if (isPrefix(kept)) return { separate: x => [columns(x, 0, k), columns(x, k, m)], join: (a, b) => joined([a, b], 1) }
  if (isPrefix(moved)) return { separate: x => [columns(x, m, k), columns(x, 0, m)], join: (a, b) => joined([b, a], 1) }
  const back = inverseOrder([...kept, ...moved])
  return {
    separate: x => [columnsAt(x, kept), columnsAt(x, moved)],
    join: (a, b) => columnsAt(joined([a, b], 1), back),
  }
}

const isPrefix = (at: ReadonlyArray<number>): boolean => at.every((from, i) => from === i)

const indices = (passes: ReadonlyArray<boolean>, wanted: boolean): ReadonlyArray<number> =>
  [...passes.keys()].filter(i => passes[i] === wanted)
