import { add, fill, reshape, sub, where, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Distribution, Params } from '../contracts.ts'
import { checked } from '../distributions/checked.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { DistributionEntry } from '../registry.ts'
import type { BijectorSpec, DistributionSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { isWithin, showShape, showSupport } from '../support.ts'
import { tidy } from '../tensor.ts'
import { leaves, mapTree } from '../tree.ts'
import { outsideOf } from './outside.ts'
import { checkContext, checkCount, checkEvent, checkStructure } from './check.ts'

/**
 * A flow: a base distribution carried to the data by a bijector.
 *
 * @example flow({ base: standardNormal(), bijector: invert(repeat(5, chain(autoregressive(made(), affine()), reverse()))) })
 */
export const flow = ({ base, bijector }: { readonly base: DistributionSpec; readonly bijector: BijectorSpec }): FlowSpec => ({
  _tag: 'flow',
  base,
  bijector,
})

/** The parameter trees of a flow: its base's and its bijector's. */
export type FlowParams = { readonly base: Params; readonly bijector: Params }

/** A distribution whose latents can be looked at: logProb(x) = base.logProb(z) + inverse(x).logDet. */
export interface Flow extends Distribution<FlowParams> {
  readonly spec: FlowSpec
  readonly base: Distribution
  readonly bijector: Bijector
  /** The latents of data, [N, ...base shape]. */
  toBase(params: FlowParams, x: Tensor, context?: Context): Tensor
  /** The data of latents, [N, ...event shape]. */
  toData(params: FlowParams, z: Tensor, context?: Context): Tensor
}

/**
 * The distribution of forward(z), z from the base. The density of a finite x outside of the bijector's data support is 0, its logarithm -Infinity.
 *
 * @throws RangeError when the base's shape or support is not what the bijector takes
 */
export const transformed = (base: Distribution, map: Bijector): Flow => {
  const bijector = map.on === undefined ? map : { ...map.on('base', base.space.support), spec: map.spec }
  refuseMismatch(base, bijector)
  // where the support is that of the base, the base says what lies outside of it
  const outside = map.on === undefined ? outsideOf(bijector.data) : undefined
  const contextShape = bijector.contextShape ?? base.contextShape
  const trainable = { base: base.trainable, bijector: bijector.trainable }
  const baseContext = (context?: Context): Context | undefined => (base.contextShape === undefined ? undefined : context)
  const check = (name: string, params: FlowParams, rows: number, context?: Context): void => {
    checkStructure(name, trainable, params)
    checkContext(name, contextShape, context, rows)
  }
  const checkRows = (name: string, params: FlowParams, x: Tensor, shape: ReadonlyArray<number>, context?: Context): void => {
    checkEvent(name, x, shape)
    check(name, params, x.shape[0]!, context)
  }
  // a batch of no rows never reaches a kernel: several of tfjs' WASM kernels answer it with garbage, or write out of bounds
  return {
    spec: flow({ base: base.spec, bijector: bijector.spec }),
    space: bijector.data,
    contextShape,
    trainable,
    base,
    bijector,
    init: key => {
      const [baseKey, bijectorKey] = split(key)
      return { base: base.init(baseKey!), bijector: bijector.init(bijectorKey!) }
    },
    logProb: (params, x, context, key) =>
      tidy(() => {
        checkRows('logProb', params, x, bijector.data.shape, context)
        if (x.size === 0) return zeros([0])
        const inside = outside?.inside(x) ?? x
        const { x: z, logDet } = bijector.inverse(params.bijector, inside, context, key)
        const logProb = add(base.logProb(params.base, z, baseContext(context), key), logDet)
        return outside === undefined ? logProb : where(outside.rows(x), fill(logProb.shape, -Infinity), logProb)
      }),
    sample: (params, key, n, context) =>
      tidy(() => {
        checkCount('sample', n)
        check('sample', params, n, context)
        if (n === 0) return zeros([0, ...bijector.data.shape])
        const [baseKey, bijectorKey] = split(key)
        const z = base.sample(params.base, baseKey!, n, baseContext(context))
        return bijector.forward(params.bijector, z, context, bijectorKey).y
      }),
    sampleAndLogProb: (params, key, n, context) =>
      tidy(() => {
        checkCount('sampleAndLogProb', n)
        check('sampleAndLogProb', params, n, context)
        if (n === 0) return { x: zeros([0, ...bijector.data.shape]), logProb: zeros([0]) }
        const [baseKey, bijectorKey] = split(key)
        const { x: z, logProb } = base.sampleAndLogProb(params.base, baseKey!, n, baseContext(context))
        const { y, logDet } = bijector.forward(params.bijector, z, context, bijectorKey)
        return { x: y, logProb: sub(logProb, logDet) }
      }),
    toBase: (params, x, context) =>
      tidy(() => {
        checkRows('toBase', params, x, bijector.data.shape, context)
        if (x.size === 0) return zeros([0, ...bijector.base.shape])
        return bijector.inverse(params.bijector, x, context).x
      }),
    toData: (params, z, context) =>
      tidy(() => {
        checkRows('toData', params, z, bijector.base.shape, context)
        if (z.size === 0) return zeros([0, ...bijector.data.shape])
        return bijector.forward(params.bijector, z, context).y
      }),
  }
}

const refuseMismatch = (base: Distribution, bijector: Bijector): void => {
  if (showShape(base.space.shape) !== showShape(bijector.base.shape))
    throw new RangeError(`transformed: expected a base of shape ${showShape(bijector.base.shape)}, got ${showShape(base.space.shape)}`)
  if (!isWithin(base.space.support, bijector.base.support))
    throw new RangeError(
      `transformed: expected a base of ${showSupport(bijector.base.support)} values, got one of ${showSupport(base.space.support)}`,
    )
}

export const flowEntry: DistributionEntry<FlowSpec> = {
  tag: 'flow',
  build: (spec, site) => {
    const bijector = site.builder.bijector(spec.bijector, {
      context: site.context,
      path: [...site.path, 'bijector'],
      shape: site.shape,
      side: 'data',
    })
    const base = site.builder.distribution(spec.base, { context: site.context, path: [...site.path, 'base'], shape: bijector.base.shape })
    return { ...transformed(base, bijector), spec }
  },
}

/**
 * A conditional distribution at one context, as an unconditional one.
 *
 * @param context leaves of one row, or of as many rows as will be scored or drawn; kept, not copied
 */
export const given = <P extends Params>(distribution: Distribution<P>, context: Context): Distribution<P> =>
  checked({
    ...distribution,
    contextShape: undefined,
    logProb: (params, x, _, key) => distribution.logProb(params, x, context, key),
    sample: (params, key, n) => distribution.sample(params, key, n, context),
    sampleAndLogProb: (params, key, n) => distribution.sampleAndLogProb(params, key, n, context),
  })

/**
 * n samples for each row of a context: [C, n, ...shape].
 *
 * @throws TypeError when the distribution takes no context
 */
export const sampleEach = <P extends Params>(distribution: Distribution<P>, params: P, key: Key, n: number, context: Context): Tensor =>
  tidy(() => {
    checkCount('sampleEach', n)
    if (distribution.contextShape === undefined)
      throw new TypeError('sampleEach: expected a conditional distribution, got one without a context')
    const rows = rowsOf(context)
    checkContext('sampleEach', distribution.contextShape, context, rows)
    const spread = mapTree(leaf => repeatRows(leaf, rows, n), context)
    const x = distribution.sample(params, key, rows * n, spread)
    return reshape(x, [rows, n, ...distribution.space.shape])
  })

const rowsOf = (context: Context): number => leaves(context).find(leaf => leaf.shape[0] !== 1)?.shape[0] ?? 1

/** Row c of a leaf n times over, then row c + 1: [rows n, ...]. */
const repeatRows = (leaf: Tensor, rows: number, n: number): Tensor => {
  const shape = leaf.shape.slice(1)
  return reshape(add(reshape(leaf, [leaf.shape[0]!, 1, ...shape]), zeros([rows, n, ...shape])), [rows * n, ...shape])
}
