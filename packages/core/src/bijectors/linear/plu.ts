import { add, matMul, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector } from '../../contracts.ts'
import { identityMatrix, solveTriangular, strictTriangle } from '../../linalg/triangular.ts'
import type { BijectorEntry } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { columnsAt } from '../../tensor.ts'
import { logScale } from '../../transformers/scale-map.ts'
import { inverseOrder, orderOf } from '../permute.ts'
import { vectorLength } from '../vector.ts'
import { affineMap, linearBijector } from './linear.ts'
import { triangleOf } from './triangular.ts'

/** What `plu` returns. Without an order or a seed, P is the identity. */
export type PluSpec = BijectorSpec & { readonly _tag: 'plu'; readonly order?: ReadonlyArray<number>; readonly seed?: number }

/**
 * A full matrix as P L U (Glow, Kingma and Dhariwal 2018, eq. 10): P a fixed permutation, L lower triangular with ones on the diagonal, U upper
 * triangular with a positive one, and a shift: y = P L U x + shift. The inverse is two substitutions in blocks. Starts as P.
 *
 * @param order P: (P x)[i] = x[order[i]]; the identity unless given
 * @param seed  instead of an order, a random one of whatever size is built for
 * @example chain(plu(), coupling(mlp(), affine()))
 * @see https://arxiv.org/abs/1807.03039
 */
export const plu = (options: { readonly order?: ReadonlyArray<number>; readonly seed?: number } = {}): PluSpec => ({
  _tag: 'plu',
  ...options,
})

/** Of `lower` and `upper` [D, D] a triangle each is read; `logScale` [D], within [1e-3, 1e3] by a soft clip, is the diagonal of U; `shift` [D]. */
export type PluParams = { readonly lower: Tensor; readonly logScale: Tensor; readonly upper: Tensor; readonly shift: Tensor }

/**
 * y = P L U x + shift.
 *
 * @param order of P; as long as the vectors are
 */
export const pluBijector = (order: ReadonlyArray<number>): Bijector<PluParams> => {
  const dim = order.length
  const isIdentity = order.every((from, i) => from === i)
  const back = inverseOrder(order)
  const permuted = (x: Tensor, at: ReadonlyArray<number>): Tensor => (isIdentity ? x : columnsAt(x, at))
  const l = ({ lower }: PluParams): Tensor => add(identityMatrix(dim), strictTriangle(lower))
  const logDiagonal = (params: PluParams): Tensor => logScale('softclip', params.logScale)
  const u = (params: PluParams): Tensor => triangleOf(logDiagonal(params), params.upper, true)
  return linearBijector(
    affineMap<PluParams>({
      spec: plu(isIdentity ? {} : { order }),
      dim,
      trainable: { lower: true, logScale: true, upper: true, shift: true },
      init: () => ({ lower: zeros([dim, dim]), logScale: zeros([dim]), upper: zeros([dim, dim]), shift: zeros([dim]) }),
      apply: (params, x) => permuted(matMul(x, matMul(l(params), u(params)), false, true), order),
      solve: (params, y) => solveTriangular(u(params), solveTriangular(l(params), permuted(y, back)), { upper: true }),
      logDet: params => sum(logDiagonal(params)),
    }),
  )
}

export const pluEntry: BijectorEntry<PluSpec> = {
  tag: 'plu',
  build: (spec, site) => {
    const dim = vectorLength('plu', site)
    const order = orderOf(spec, dim, site) ?? Array.from({ length: dim }, (_, i) => i)
    return { ...pluBijector(order), spec }
  },
}
