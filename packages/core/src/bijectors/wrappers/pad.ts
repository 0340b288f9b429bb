import { add, all, equal, fill, pad as padded, reshape, slice, sum, where, zeros } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { realSpace } from '../../support.ts'
import { joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { showPath } from '../../tree.ts'
import { checkCount } from '../linear/fields.ts'
import { vectorLength } from '../vector.ts'

/** What `pad` returns. */
export type PadSpec = BijectorSpec & { readonly _tag: 'pad'; readonly before: number; readonly after: number; readonly value: number }

/**
 * A vector with the same number in some places before and after it: an injection of R^D into the plane of R^(before + D + after) where these places hold
 * that number (TFP's Pad). Densities are with respect to the plane, so its log-determinant, 1/2 log det J'J, is 0; that of the inverse is -Infinity off
 * the plane.
 *
 * @param before how many places before the vector
 * @param after  how many after it
 * @param value  what stands there, a float32
 */
export const pad = ({
  before = 0,
  after = 0,
  value = 0,
}: { readonly before?: number; readonly after?: number; readonly value?: number } = {}): PadSpec => ({ _tag: 'pad', before, after, value })

/** Vectors of a length, padded. */
export const padBijector = (dim: number, { before, after, value }: PadSpec): Bijector<Record<string, never>> => ({
  spec: pad({ before, after, value }),
  contextShape: undefined,
  base: realSpace([dim]),
  data: realSpace([before + dim + after]),
  cost: { forward: 'parallel', inverse: 'parallel' },
  trainable: {},
  init: () => ({}),
  forward: (_, x) =>
    tidy(() => ({
      // tfjs' WASM kernel pads no rows with garbage
      y:
        x.size === 0
          ? zeros([0, before + dim + after])
          : padded(
              x,
              [
                [0, 0],
                [before, after],
              ],
              value,
            ),
      logDet: sumEvent(zeroUnlessNaN(x)),
    })),
  inverse: (_, y) =>
    tidy(() => {
      const rows = y.shape[0]!
      if (rows === 0) return { x: zeros([0, dim]), logDet: zeros([0]) }
      const edges = joined([slice(y, [0, 0], [-1, before]), slice(y, [0, before + dim], [-1, after])], 1)
      const x = add(slice(y, [0, before], [-1, dim]), reshape(sum(zeroUnlessNaN(edges), 1), [rows, 1]))
      const isOn = all(equal(edges, value), 1)
      return { x, logDet: add(where(isOn, zeros([rows]), fill([rows], -Infinity)), sumEvent(zeroUnlessNaN(y))) }
    }),
})

export const padEntry: BijectorEntry<PadSpec> = {
  tag: 'pad',
  build: (spec, site) => {
    const most = 65_536
    checkCount(spec.before, 0, most, site, 'before')
    checkCount(spec.after, 0, most, site, 'after')
    if (!Number.isFinite(spec.value) || Math.fround(spec.value) !== spec.value)
      throw new RangeError(`build: expected a float32, got ${spec.value} at ${showPath([...site.path, 'value'])}`)
    const length = vectorLength('pad', site)
    const dim = site.side === 'base' ? length : length - spec.before - spec.after
    if (spec.before + spec.after < 1 || dim < 1)
      throw new RangeError(
        `build: expected 1 to ${length - 1} places for padding, got ${spec.before + spec.after} at ${showPath(site.path)}`,
      )
    return padBijector(dim, spec)
  },
}
