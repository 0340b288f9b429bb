import { add, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Cost, Params, Space, Support } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { BijectorEntry, BijectorSite } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import type { ChainSpec } from '../specs.ts'
import { adaptationOf } from './adaptation.ts'
import { scannedBijector } from './scanned.ts'
import { isWithin, realSpace, showShape, showSupport } from '../support.ts'
import { handle, sumEvent, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import type { Path } from '../tree.ts'

/**
 * Bijectors one after another: forward applies them in list order, their log-determinants add up.
 *
 * @example chain(coupling(mlp(), affine()), reverse(), coupling(mlp(), affine()))
 */
export const chain = (...bijectors: ReadonlyArray<BijectorSpec>): ChainSpec => ({ _tag: 'chain', bijectors })

/**
 * Bijectors one after another: forward applies them in list order.
 *
 * @param bijectors each one's data space is the next one's base space
 * @param space     the space of an empty chain, which is the identity
 * @throws RangeError when neighbouring spaces differ, naming the index
 */
export const chainBijector = (bijectors: ReadonlyArray<Bijector>, space: Space = realSpace([])): Bijector<ReadonlyArray<Params>> => {
  const settled = settledOn(bijectors)
  settled.forEach((next, i) => {
    if (i > 0) refuseGap(settled[i - 1]!.data, next.base, i)
  })
  const takesAny = bijectors.every(b => b.on !== undefined)
  const zeroLogDet = (x: Tensor): Tensor => (bijectors.length === 0 ? sumEvent(zeroUnlessNaN(x)) : zeros([x.shape[0]!]))
  const chained: Bijector<ReadonlyArray<Params>> = {
    spec: chain(...bijectors.map(b => b.spec)),
    contextShape: bijectors.find(b => b.contextShape !== undefined)?.contextShape,
    base: settled[0]?.base ?? space,
    data: settled.at(-1)?.data ?? space,
    cost: { forward: dearest(bijectors.map(b => b.cost.forward)), inverse: dearest(bijectors.map(b => b.cost.inverse)) },
    trainable: bijectors.map(b => b.trainable),
    init: key => {
      const keys = split(key, Math.max(1, bijectors.length))
      return bijectors.map((b, i) => b.init(keys[i]!))
    },
    forward: (params, x, context, key) =>
      tidy(() =>
        bijectors.reduce(
          ({ y, logDet }, b, i) => {
            const step = b.forward(params[i]!, y, context, key)
            return { y: step.y, logDet: add(logDet, step.logDet) }
          },
          { y: handle(x), logDet: zeroLogDet(x) },
        ),
      ),
    inverse: (params, y, context, key) =>
      tidy(() =>
        bijectors.reduceRight(
          ({ x, logDet }, b, i) => {
            const step = b.inverse(params[i]!, x, context, key)
            return { x: step.x, logDet: add(logDet, step.logDet) }
          },
          { x: handle(y), logDet: zeroLogDet(y) },
        ),
      ),
    ...adaptationOf<ReadonlyArray<Params>>(
      bijectors,
      adapt => (params, side, batch, context) =>
        tidy(() => {
          const adapted: Params[] = [...params]
          const order = side === 'base' ? bijectors.keys() : [...bijectors.keys()].reverse()
          let at = batch
          for (const i of order) {
            const b = bijectors[i]!
            adapted[i] = adapt(b, params[i]!, side, at, context)
            at = side === 'base' ? b.forward(adapted[i]!, at, context).y : b.inverse(adapted[i]!, at, context).x
          }
          return adapted
        }),
    ),
  }
  if (!takesAny) return chained
  return {
    ...chained,
    on: (side, support) => {
      const known = settledOn(bijectors, { [side]: support })
      const other: Space = { ...space, support }
      return { ...chained, base: known[0]?.base ?? other, data: known.at(-1)?.data ?? other }
    },
  }
}

/** Those that take any support, on the support of what stands before them, or else behind them. */
const settledOn = (
  bijectors: ReadonlyArray<Bijector>,
  { base, data }: { readonly base?: Support; readonly data?: Support } = {},
): ReadonlyArray<Bijector> => {
  let before = base
  const forward = bijectors.map(b => {
    const isOpen = b.on !== undefined && before === undefined
    const settled = b.on !== undefined && before !== undefined ? b.on('base', before) : b
    before = isOpen ? undefined : settled.data.support
    return { settled, isOpen }
  })
  let behind = data
  return forward
    .reverse()
    .map(({ settled, isOpen }) => {
      const known = isOpen && behind !== undefined ? settled.on!('data', behind) : settled
      behind = isOpen && behind === undefined ? undefined : known.base.support
      return known
    })
    .reverse()
}

export const chainEntry: BijectorEntry<ChainSpec> = {
  tag: 'chain',
  build: (spec, site) => {
    if (!Array.isArray(spec.bijectors))
      throw new RangeError(`build: expected a list of bijectors, got ${typeof spec.bijectors} at ${showPath([...site.path, 'bijectors'])}`)
    return { ...chainAt(spec.bijectors, site, i => ['bijectors', i], spec.scan), spec }
  },
}

/**
 * Builds bijectors in the order in which their shapes are known; `step` leads from the site to the i-th of them. With `scan`, equal
 * groups of them are one loop where they are compiled.
 *
 * @throws RangeError when `scan` is no boolean
 */
export const chainAt = (
  specs: ReadonlyArray<BijectorSpec>,
  site: BijectorSite,
  step: (i: number) => Path,
  scan: boolean = false,
): Bijector => {
  if (typeof scan !== 'boolean')
    throw new RangeError(`build: expected true or false, got ${JSON.stringify(scan)} at ${showPath([...site.path, 'scan'])}`)
  const indices = [...specs.keys()]
  const built = (site.side === 'base' ? indices : indices.reverse()).reduce<ReadonlyArray<Bijector>>((done, i) => {
    const shape = site.side === 'base' ? (done.at(-1)?.data.shape ?? site.shape) : (done[0]?.base.shape ?? site.shape)
    const b = site.builder.bijector(specs[i]!, { ...site, shape, path: [...site.path, ...step(i)] })
    return site.side === 'base' ? [...done, b] : [b, ...done]
  }, [])
  const chained = chainBijector(built, realSpace(site.shape))
  return scan ? scannedBijector(chained, built) : chained
}

const ranks: ReadonlyArray<Cost> = ['parallel', 'sequential', 'iterative']

/** The dearest of some costs; of none, parallel. */
export const dearest = (costs: ReadonlyArray<Cost>): Cost => ranks[Math.max(0, ...costs.map(cost => ranks.indexOf(cost)))]!

const refuseGap = (data: Space, base: Space, index: number): void => {
  if (showShape(data.shape) !== showShape(base.shape))
    throw new RangeError(`chain: expected event ${showShape(data.shape)}, got ${showShape(base.shape)} at index ${index}`)
  if (!isWithin(data.support, base.support))
    throw new RangeError(
      `chain: expected a bijector of ${showSupport(data.support)} values, got one of ${showSupport(base.support)} at index ${index}`,
    )
}
