import { reshape as reshaped } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Shape, Support } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { isScalar, realSpace, showShape } from '../../support.ts'
import { sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { showPath } from '../../tree.ts'

/** What `reshape` returns. */
export type ReshapeSpec = BijectorSpec & { readonly _tag: 'reshape'; readonly base: Shape; readonly data: Shape }

/**
 * Events of another shape, the same numbers in the same order.
 *
 * @param base shape of the events that forward gets
 * @param data shape of those that it gives
 * @example chain(reshape([6], [2, 3]), stack(plu(), plu()), reshape([2, 3], [6]))
 */
export const reshape = (base: Shape, data: Shape): ReshapeSpec => ({ _tag: 'reshape', base, data })

/**
 * Events of another shape.
 *
 * @throws RangeError when the sizes differ
 */
export const reshapeBijector = (base: Shape, data: Shape): Bijector<Record<string, never>> => {
  const sizes = [base, data].map(shape => shape.reduce((n, size) => n * size, 1))
  if (sizes[0] !== sizes[1]) throw new RangeError(`reshape: expected as many numbers as in ${showShape(base)}, got ${showShape(data)}`)
  const to = (x: Tensor, shape: Shape): { readonly out: Tensor; readonly logDet: Tensor } => ({
    out: reshaped(x, [x.shape[0]!, ...shape]),
    logDet: sumEvent(zeroUnlessNaN(x)),
  })
  const bijector: Bijector<Record<string, never>> = {
    spec: reshape(base, data),
    contextShape: undefined,
    base: realSpace(base),
    data: realSpace(data),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) =>
      tidy(() => {
        const { out, logDet } = to(x, data)
        return { y: out, logDet }
      }),
    inverse: (_, y) =>
      tidy(() => {
        const { out, logDet } = to(y, base)
        return { x: out, logDet }
      }),
  }
  // a support of single values is that of every event, whatever its shape
  const on = (_: 'base' | 'data', support: Support): typeof bijector =>
    isScalar(support) ? { ...bijector, base: { shape: base, support }, data: { shape: data, support } } : bijector
  return { ...bijector, on }
}

const isShape = (shape: Shape): boolean =>
  Array.isArray(shape) && shape.length > 0 && shape.every(size => Number.isSafeInteger(size) && size >= 1)

export const reshapeEntry: BijectorEntry<ReshapeSpec> = {
  tag: 'reshape',
  build: (spec, site) => {
    ;(['base', 'data'] as const).forEach(side => {
      if (!isShape(spec[side]))
        throw new RangeError(
          `build: expected a shape of positive integers, got ${JSON.stringify(spec[side])} at ${showPath([...site.path, side])}`,
        )
    })
    if (showShape(spec[site.side]) !== showShape(site.shape))
      throw new RangeError(
        `build: expected ${showShape(site.shape)}, got ${showShape(spec[site.side])} at ${showPath([...site.path, site.side])}`,
      )
    return reshapeBijector(spec.base, spec.data)
  },
}
