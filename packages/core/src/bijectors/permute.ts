import type { Bijector, Support } from '../contracts.ts'
import { key } from '../random/key.ts'
import { permutation } from '../random/permutation.ts'
import type { BijectorEntry, BijectorSite } from '../registry.ts'
import type { PermuteSpec, ReverseSpec } from '../specs.ts'
import { real, realSpace, showShape } from '../support.ts'
import { columnsAt, sumEvent, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { vectorLength } from './vector.ts'

/**
 * Dimensions in another order: y[i] = x[order[i]]. Given a seed instead of an order, a random one of whatever size is built
 * for; at D = 2 that is the flip, since the other order mixes nothing.
 *
 * @example permute([2, 0, 1])
 * @example permute({ seed: 0 })
 */
export const permute = (order: ReadonlyArray<number> | { readonly seed: number }): PermuteSpec =>
  'seed' in order ? { _tag: 'permute', seed: order.seed } : { _tag: 'permute', order }

/** Dimensions in reverse order. */
export const reverse = (): ReverseSpec => ({ _tag: 'reverse' })

/**
 * Dimensions in another order.
 *
 * @param order y[i] = x[order[i]]
 * @throws RangeError when order is not a permutation of 0 .. D - 1
 */
export const permuteBijector = (order: ReadonlyArray<number>): Bijector<Record<string, never>> => {
  refuseOther(order)
  const back = inverseOrder(order)
  const space = realSpace([order.length])
  const bijector: Bijector<Record<string, never>> = {
    spec: permute(order),
    contextShape: undefined,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) => tidy(() => ({ y: columnsAt(x, order), logDet: sumEvent(zeroUnlessNaN(x)) })),
    inverse: (_, y) => tidy(() => ({ x: columnsAt(y, back), logDet: sumEvent(zeroUnlessNaN(y)) })),
  }
  return {
    ...bijector,
    on: (side, support) => {
      const [base, data] = side === 'base' ? [support, reordered(support, order)] : [reordered(support, back), support]
      return { ...bijector, base: { ...space, support: base }, data: { ...space, support: data } }
    },
  }
}

/** The support of the dimensions in another order. */
const reordered = (support: Support, order: ReadonlyArray<number>): Support => {
  if (support._tag === 'each') return { _tag: 'each', dimensions: order.map(i => support.dimensions[i]!) }
  return support._tag === 'ordered' ? real : support
}

export const permuteEntry: BijectorEntry<PermuteSpec> = {
  tag: 'permute',
  build: (spec, site) => {
    const order = orderOf(spec, vectorLength('permute', site), site)
    if (order === undefined) throw new RangeError(`build: expected an order or a seed, got neither at ${showPath(site.path)}`)
    return { ...permuteBijector(order), spec }
  },
}

/**
 * The order that a spec asks for, its own or a random one; undefined where it asks for none.
 *
 * @throws RangeError naming the path of what is no permutation or no seed
 */
export const orderOf = (
  spec: { readonly order?: ReadonlyArray<number>; readonly seed?: number },
  dim: number,
  site: BijectorSite,
): ReadonlyArray<number> | undefined => {
  if (spec.seed !== undefined) return seededOrder(spec.seed, dim, site)
  return spec.order === undefined ? undefined : givenOrder(spec.order, dim, site)
}

const seededOrder = (seed: number, dim: number, site: BijectorSite): ReadonlyArray<number> => {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`build: expected an integer seed in [0, 2^53), got ${seed} at ${showPath([...site.path, 'seed'])}`)
  return randomOrder(seed, dim)
}

const givenOrder = (order: ReadonlyArray<number>, dim: number, site: BijectorSite): ReadonlyArray<number> => {
  const at = showPath([...site.path, 'order'])
  if (!Array.isArray(order)) throw new RangeError(`build: expected an order or a seed, got neither at ${showPath(site.path)}`)
  if (order.length !== dim) throw new RangeError(`build: expected an order of ${dim} dimensions, got ${showShape(order)} at ${at}`)
  if (!isPermutation(order)) throw new RangeError(`build: expected a permutation of 0..${dim - 1}, got ${showShape(order)} at ${at}`)
  return order
}

export const reverseEntry: BijectorEntry<ReverseSpec> = {
  tag: 'reverse',
  build: (spec, site) => {
    const dim = vectorLength('reverse', site)
    return { ...permuteBijector(Array.from({ length: dim }, (_, i) => dim - 1 - i)), spec }
  },
}

/** A random order that is not the identity where another exists. */
const randomOrder = (seed: number, dim: number): ReadonlyArray<number> => {
  if (dim === 2) return [1, 0]
  const order = [...permutation(key(seed), dim)]
  return order.every((from, i) => from === i) ? order.reverse() : order
}

/** back[order[i]] = i. */
export const inverseOrder = (order: ReadonlyArray<number>): ReadonlyArray<number> => {
  const back = new Array<number>(order.length)
  order.forEach((from, i) => (back[from] = i))
  return back
}

const isPermutation = (order: ReadonlyArray<number>): boolean =>
  order.every(from => Number.isInteger(from) && from >= 0 && from < order.length) && new Set(order).size === order.length

const refuseOther = (order: ReadonlyArray<number>): void => {
  if (!isPermutation(order)) throw new RangeError(`permute: expected a permutation of 0..${order.length - 1}, got ${showShape(order)}`)
}
