import { add } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, ScalarSupport, Space } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { eachSupport, isScalar, real, showShape, showSupport, supportAt } from '../../support.ts'
import { columnsAt, joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import { adaptationOf } from '../adaptation.ts'
import { inverseOrder } from '../permute.ts'
import { vectorLength } from '../vector.ts'

/** What `indexed` returns. */
export type IndexedSpec = BijectorSpec & {
  readonly _tag: 'indexed'
  readonly indices: ReadonlyArray<number>
  readonly bijector: BijectorSpec
}

/**
 * A bijector on some dimensions of a vector; the others pass unchanged.
 *
 * @param indices the dimensions, in the order in which the bijector gets them
 * @example indexed([0, 3], plu())
 */
export const indexed = (indices: ReadonlyArray<number>, bijector: BijectorSpec): IndexedSpec => ({ _tag: 'indexed', indices, bijector })

/**
 * A bijector of vectors on some dimensions of longer ones.
 *
 * @param indices as many as the inner vectors are long, each once
 * @throws RangeError when they are not, or a support is not one of single values
 */
export const indexedBijector = (inner: Bijector, indices: ReadonlyArray<number>, dim: number): Bijector => {
  refuseOther(inner, indices, dim)
  const others = Array.from({ length: dim }, (_, i) => i).filter(i => !indices.includes(i))
  const back = inverseOrder([...indices, ...others])
  const spaceOf = ({ support }: Space): Space => {
    const dimensions = Array.from({ length: dim }, (_, i): ScalarSupport => {
      const at = indices.indexOf(i)
      if (at < 0) return real
      const own = supportAt(support, at)
      if (!isScalar(own)) throw new RangeError(`indexed: expected a support of single values, got ${showSupport(own)}`)
      return own
    })
    return { shape: [dim], support: eachSupport(dimensions) }
  }
  const rest = (x: Tensor): Tensor => columnsAt(x, others)
  const whole = (part: Tensor, other: Tensor): Tensor => columnsAt(others.length === 0 ? part : joined([part, other], 1), back)
  const logDetWith = (logDet: Tensor, other: Tensor): Tensor => (others.length === 0 ? logDet : add(logDet, sumEvent(zeroUnlessNaN(other))))
  return {
    spec: indexed(indices, inner.spec),
    contextShape: inner.contextShape,
    base: spaceOf(inner.base),
    data: spaceOf(inner.data),
    cost: inner.cost,
    trainable: inner.trainable,
    init: key => inner.init(key),
    forward: (params, x, context, key) =>
      tidy(() => {
        const [{ y, logDet }, other] = [inner.forward(params, columnsAt(x, indices), context, key), rest(x)]
        return { y: whole(y, other), logDet: logDetWith(logDet, other) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        const [{ x, logDet }, other] = [inner.inverse(params, columnsAt(y, indices), context, key), rest(y)]
        return { x: whole(x, other), logDet: logDetWith(logDet, other) }
      }),
    ...adaptationOf(
      [inner],
      adapt => (params, side, batch, context) => tidy(() => adapt(inner, params, side, columnsAt(batch, indices), context)),
    ),
  }
}

const refuseOther = (inner: Bijector, indices: ReadonlyArray<number>, dim: number): void => {
  const isPart = indices.every(i => Number.isInteger(i) && i >= 0 && i < dim) && new Set(indices).size === indices.length
  if (!isPart) throw new RangeError(`indexed: expected different indices from 0 to ${dim - 1}, got ${showShape(indices)}`)
  ;[inner.base, inner.data].forEach(({ shape }) => {
    if (showShape(shape) !== showShape([indices.length]))
      throw new RangeError(`indexed: expected a bijector of vectors ${showShape([indices.length])}, got ${showShape(shape)}`)
  })
}

export const indexedEntry: BijectorEntry<IndexedSpec> = {
  tag: 'indexed',
  build: (spec, site) => {
    const dim = vectorLength('indexed', site)
    if (!Array.isArray(spec.indices) || spec.indices.length === 0)
      throw new RangeError(
        `build: expected a list of indices, got ${JSON.stringify(spec.indices)} at ${showPath([...site.path, 'indices'])}`,
      )
    const inner = site.builder.bijector(spec.bijector, { ...site, shape: [spec.indices.length], path: [...site.path, 'bijector'] })
    return { ...indexedBijector(inner, spec.indices, dim), spec }
  },
}
