import { add, reshape, stack as stacked, unstack } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Params, Space } from '../../contracts.ts'
import { split } from '../../random/key.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { isScalar, isWithin, showShape, showSupport } from '../../support.ts'
import { tidy } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import { adaptationOf } from '../adaptation.ts'
import { dearest } from '../chain.ts'

/** What `stack` returns. */
export type StackSpec = BijectorSpec & { readonly _tag: 'stack'; readonly bijectors: ReadonlyArray<BijectorSpec> }

/**
 * Bijectors of equal events, one for each slice of an array [K, ...event] (FlowJAX's Stack). Their log-determinants add up.
 *
 * @example chain(reshape([6], [2, 3]), stack(coupling(mlp(), affine()), elementwise(affine())), reshape([2, 3], [6]))
 */
export const stack = (...bijectors: ReadonlyArray<BijectorSpec>): StackSpec => ({ _tag: 'stack', bijectors })

/**
 * Bijectors of equal events, one for each slice.
 *
 * @throws RangeError when their shapes or supports differ
 */
export const stackBijector = (bijectors: ReadonlyArray<Bijector>): Bijector<ReadonlyArray<Params>> => {
  const [base, data] = [spaceOf(bijectors.map(b => b.base)), spaceOf(bijectors.map(b => b.data))]
  const slices = (x: Tensor, event: ReadonlyArray<number>): ReadonlyArray<Tensor> =>
    // a batch of no rows has no slices for tfjs' cpu kernel
    x.size === 0 ? bijectors.map(() => reshape(x, [0, ...event.slice(1)])) : unstack(x, 1)
  const together = (parts: ReadonlyArray<Tensor>): Tensor =>
    parts[0]!.size === 0 ? reshape(parts[0]!, [0, parts.length, ...parts[0]!.shape.slice(1)]) : stacked([...parts], 1)
  const total = (logDets: ReadonlyArray<Tensor>): Tensor => logDets.reduce((sum, logDet) => add(sum, logDet))
  return {
    spec: stack(...bijectors.map(b => b.spec)),
    contextShape: bijectors.find(b => b.contextShape !== undefined)?.contextShape,
    base,
    data,
    cost: { forward: dearest(bijectors.map(b => b.cost.forward)), inverse: dearest(bijectors.map(b => b.cost.inverse)) },
    trainable: bijectors.map(b => b.trainable),
    init: key => split(key, bijectors.length).map((k, i) => bijectors[i]!.init(k)),
    forward: (params, x, context, key) =>
      tidy(() => {
        const steps = slices(x, base.shape).map((part, i) => bijectors[i]!.forward(params[i]!, part, context, key))
        return { y: together(steps.map(({ y }) => y)), logDet: total(steps.map(({ logDet }) => logDet)) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        const steps = slices(y, data.shape).map((part, i) => bijectors[i]!.inverse(params[i]!, part, context, key))
        return { x: together(steps.map(({ x }) => x)), logDet: total(steps.map(({ logDet }) => logDet)) }
      }),
    ...adaptationOf<ReadonlyArray<Params>>(
      bijectors,
      adapt => (params, side, batch, context) =>
        tidy(() =>
          slices(batch, (side === 'base' ? base : data).shape).map((part, i) => adapt(bijectors[i]!, params[i]!, side, part, context)),
        ),
    ),
  }
}

const spaceOf = (spaces: ReadonlyArray<Space>): Space => {
  const [{ shape, support }] = spaces as readonly [Space, ...Space[]]
  spaces.forEach((space, i) => {
    if (showShape(space.shape) !== showShape(shape))
      throw new RangeError(`stack: expected event ${showShape(shape)}, got ${showShape(space.shape)} at index ${i}`)
    if (!isScalar(space.support) || !isWithin(space.support, support) || !isWithin(support, space.support))
      throw new RangeError(`stack: expected one support of single values, got ${showSupport(space.support)} at index ${i}`)
  })
  return { shape: [spaces.length, ...shape], support }
}

export const stackEntry: BijectorEntry<StackSpec> = {
  tag: 'stack',
  build: (spec, site) => {
    const [count, ...shape] = site.shape
    if (!Array.isArray(spec.bijectors) || spec.bijectors.length !== count || shape.length === 0)
      throw new RangeError(
        `build: expected an event [${spec.bijectors?.length}, ...] for so many bijectors, got ${showShape(site.shape)} at ${showPath(site.path)}`,
      )
    const built = spec.bijectors.map((bijector: BijectorSpec, i) =>
      site.builder.bijector(bijector, { ...site, shape, path: [...site.path, 'bijectors', i] }),
    )
    return { ...stackBijector(built), spec }
  },
}
