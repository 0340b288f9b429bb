import { transpose as transposed, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Shape, Support } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { isScalar, realSpace, showShape } from '../../support.ts'
import { handle, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import { inverseOrder } from '../permute.ts'

/** What `transpose` returns. */
export type TransposeSpec = BijectorSpec & { readonly _tag: 'transpose'; readonly axes: ReadonlyArray<number> }

/**
 * The axes of an event in another order: axis i of the data is axis `axes[i]` of the base.
 *
 * @example transpose([1, 0]) // matrices to their transposes
 */
export const transpose = (axes: ReadonlyArray<number>): TransposeSpec => ({ _tag: 'transpose', axes })

/**
 * The axes of events in another order.
 *
 * @param axes axis i of the data is axis `axes[i]` of the base; each once
 * @param base shape of the events that forward gets
 */
export const transposeBijector = (axes: ReadonlyArray<number>, base: Shape): Bijector<Record<string, never>> => {
  const back = inverseOrder(axes)
  const moved = (x: Tensor, order: ReadonlyArray<number>): Tensor => {
    // the order that changes nothing gives its argument, and tfjs' WASM kernel divides by the zero of no rows
    if (order.every((axis, i) => axis === i)) return handle(x)
    return x.size === 0 ? zeros([0, ...order.map(axis => x.shape[axis + 1]!)]) : transposed(x, [0, ...order.map(axis => axis + 1)])
  }
  const data = axes.map(axis => base[axis]!)
  const bijector: Bijector<Record<string, never>> = {
    spec: transpose(axes),
    contextShape: undefined,
    base: realSpace(base),
    data: realSpace(data),
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: {},
    init: () => ({}),
    forward: (_, x) => tidy(() => ({ y: moved(x, axes), logDet: sumEvent(zeroUnlessNaN(x)) })),
    inverse: (_, y) => tidy(() => ({ x: moved(y, back), logDet: sumEvent(zeroUnlessNaN(y)) })),
  }
  // a support of single values is that of every event, whatever its shape
  const on = (_: 'base' | 'data', support: Support): typeof bijector =>
    isScalar(support) ? { ...bijector, base: { shape: base, support }, data: { shape: data, support } } : bijector
  return { ...bijector, on }
}

export const transposeEntry: BijectorEntry<TransposeSpec> = {
  tag: 'transpose',
  build: (spec, site) => {
    const rank = site.shape.length
    const isOrder = Array.isArray(spec.axes) && [...spec.axes].toSorted((a, b) => a - b).every((axis, i) => axis === i)
    if (!isOrder || spec.axes.length !== rank)
      throw new RangeError(
        `build: expected each axis of ${showShape(site.shape)} once, got ${JSON.stringify(spec.axes)} at ${showPath([...site.path, 'axes'])}`,
      )
    const base = site.side === 'base' ? site.shape : inverseOrder(spec.axes).map(axis => site.shape[axis]!)
    return transposeBijector(spec.axes, base)
  },
}
