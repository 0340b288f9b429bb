import { cumsum, neg, slice, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Support } from '../../contracts.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { real, realSpace } from '../../support.ts'
import { handle, joined, sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import { clipped, softplus } from '../../transformers/scalar-functions.ts'
import { logOneMinusExp, softplusInverse } from '../../transformers/softplus.ts'
import { constrainedLength } from './sizes.ts'

/** What `ascending` returns. */
export type AscendingSpec = BijectorSpec & { readonly _tag: 'ascending' }
/** What `cumulativeSum` returns. */
export type CumulativeSumSpec = BijectorSpec & { readonly _tag: 'cumulativeSum' }

/**
 * R^D onto the vectors whose numbers rise: y_1 = x_1, y_i = y_{i-1} + log(1 + e^{x_i}) (TFP's `Ascending` with a softplus for e^x, so that steps
 * grow as lines do). Numbers that rounding has made equal count as 1e-30 apart.
 *
 * @example flow({ base: standardNormal(), bijector: chain(coupling(mlp(), affine()), ascending()) })
 */
export const ascending = (): AscendingSpec => ({ _tag: 'ascending' })

/** y_i = x_1 + ... + x_i: volume-preserving (TFP's `Cumsum`). */
export const cumulativeSum = (): CumulativeSumSpec => ({ _tag: 'cumulativeSum' })

const part = (x: Tensor, from: number, count: number): Tensor => slice(x, [0, from], [-1, count])
const beside = (parts: ReadonlyArray<Tensor>): Tensor => joined(parts, 1)

/** y_i - y_{i-1} for i > 1. */
const steps = (y: Tensor, dim: number): Tensor => sub(part(y, 1, dim - 1), part(y, 0, dim - 1))

const least = 1e-30
const most = 3e38

const bijectorOf = (
  spec: BijectorSpec,
  dim: number,
  support: Support,
  forward: (x: Tensor) => { readonly y: Tensor; readonly logDet: Tensor },
  inverse: (y: Tensor) => { readonly x: Tensor; readonly logDet: Tensor },
): Bijector<Record<string, never>> => ({
  spec,
  contextShape: undefined,
  base: realSpace([dim]),
  data: { shape: [dim], support },
  cost: { forward: 'parallel', inverse: 'parallel' },
  trainable: {},
  init: () => ({}),
  forward: (_, x) => tidy(() => (x.size === 0 || dim === 1 ? { y: handle(x), logDet: sumEvent(zeroUnlessNaN(x)) } : forward(x))),
  inverse: (_, y) => tidy(() => (y.size === 0 || dim === 1 ? { x: handle(y), logDet: sumEvent(zeroUnlessNaN(y)) } : inverse(y))),
})

export const ascendingBijector = (dim: number): Bijector<Record<string, never>> =>
  bijectorOf(
    ascending(),
    dim,
    { _tag: 'ordered' },
    x => {
      const free = part(x, 1, dim - 1)
      const first = part(x, 0, 1)
      const y = cumsum(beside([first, softplus(free)]), 1)
      return { y, logDet: sumEvent(beside([zeroUnlessNaN(first), neg(softplus(neg(free)))])) }
    },
    y => {
      const apart = clipped(steps(y, dim), least, most)
      const first = part(y, 0, 1)
      return {
        x: beside([first, softplusInverse(apart)]),
        logDet: neg(sumEvent(beside([zeroUnlessNaN(first), logOneMinusExp(apart)]))),
      }
    },
  )

export const cumulativeSumBijector = (dim: number): Bijector<Record<string, never>> =>
  bijectorOf(
    cumulativeSum(),
    dim,
    real,
    x => ({ y: cumsum(x, 1), logDet: sumEvent(zeroUnlessNaN(x)) }),
    y => ({ x: beside([part(y, 0, 1), steps(y, dim)]), logDet: sumEvent(zeroUnlessNaN(y)) }),
  )

export const ascendingEntry: BijectorEntry<AscendingSpec> = {
  tag: 'ascending',
  build: (_, site) => ascendingBijector(constrainedLength('ascending', site, 0)),
}
export const cumulativeSumEntry: BijectorEntry<CumulativeSumSpec> = {
  tag: 'cumulativeSum',
  build: (_, site) => cumulativeSumBijector(constrainedLength('cumulativeSum', site, 0)),
}
