import { add, div, exp, matMul, mul, neg, reshape, slice, sub, sum, tanh, zeros, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape } from '../contracts.ts'
import { scan } from '../control/scan.ts'
import { reflectionsOf, rotationOf, skew } from '../linalg/orthogonal.ts'
import { identityMatrix, strictTriangle } from '../linalg/triangular.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { tidy } from '../tensor.ts'
import { logScale } from '../transformers/scale-map.ts'
import type { Tree } from '../tree.ts'
import { aboveMinusOne } from './above-minus-one.ts'
import { contextNetwork, movedByContext } from './conditioned.ts'
import { checkCount, checkWord } from './linear/fields.ts'
import { initReflections, reflectionCount } from './linear/reflections.ts'
import { logSlope, tanhRoot } from './tanh-root.ts'
import { vectorLength } from './vector.ts'

/** What the orthogonal columns of a Sylvester map are made of. */
export type SylvesterBasis = 'orthogonal' | 'householder' | 'triangular'
/** What `sylvester` returns. */
export type SylvesterSpec = BijectorSpec & {
  readonly _tag: 'sylvester'
  readonly basis: SylvesterBasis
  readonly units?: number
  readonly reflections?: number
  readonly conditioner?: NetworkSpec
}

/**
 * A Sylvester map (van den Berg et al. 2018, eq. 7), the planar map with a hidden layer of M units:
 *
 *   y = x + Q R tanh(S Q'x + b),   log |det| = sum_i log(1 + R_ii S_ii sech^2(...)_i)
 *
 * Q [D, M] with orthonormal columns, R and S upper triangular. Invertible by construction: S_ii > 0 and R_ii S_ii > -0.99. The inverse solves for
 * one unit after another, each the root of one increasing function of one number. Starts as the identity: R = 0.
 *
 * @param basis       orthogonal: Q the first columns of the exponential of a skew-symmetric matrix (default); householder: those of a product of
 *                    reflections; triangular: those of the identity, so that R and S alone mix (put a permutation between layers)
 * @param units       M, at most D; D unless given
 * @param reflections of `householder`; unless given, the largest even number up to D
 * @param conditioner a network that moves b by the context
 * @see https://arxiv.org/abs/1803.05649
 */
export const sylvester = ({
  basis = 'orthogonal',
  ...rest
}: {
  readonly basis?: SylvesterBasis
  readonly units?: number
  readonly reflections?: number
  readonly conditioner?: NetworkSpec
} = {}): SylvesterSpec => ({ _tag: 'sylvester', basis, ...rest })

/**
 * `left` and `right` [M, M], of which the entries above the diagonal are those of R and S; `product` [M] makes R_ii S_ii; `logScale` [M], within
 * [1e-3, 1e3] by a soft clip, makes S_ii; `b` [M]; `basis` [D, D] or [reflections, D], where Q has parameters; and the network's.
 */
export type SylvesterParams = {
  readonly left: Tensor
  readonly right: Tensor
  readonly product: Tensor
  readonly logScale: Tensor
  readonly b: Tensor
  readonly basis?: Tensor
  readonly conditioner?: Params
}

/** The sizes of a Sylvester map, and what its columns are made of. */
export interface SylvesterSizes {
  readonly dim: number
  readonly units: number
  readonly basis: SylvesterBasis
  readonly reflections: number
}

/** What the parameters make. */
interface Hidden {
  /** Q [D, M]. */
  readonly columns: Tensor
  /** R and S above their diagonals, and these [M]. */
  readonly left: Tensor
  readonly right: Tensor
  readonly r: Tensor
  readonly s: Tensor
  /** R_ii S_ii. */
  readonly product: Tensor
  /** [N or 1, M]. */
  readonly b: Tensor
}

/** What is known of v, and of tanh(S v + b): zeros at the units that are not. */
type Known = { readonly v: Tensor; readonly h: Tensor }
/** The i-th unit vector, and row i of R and S. */
type UnitRow = { readonly unit: Tensor; readonly left: Tensor; readonly right: Tensor; readonly r: Tensor; readonly s: Tensor }

/** The v with v + R tanh(S v + b) = image [N, M], from the last unit to the first. */
const solved = ({ left, right, r, s, b }: Hidden, image: Tensor): Tensor => {
  const units = image.shape[1]!
  const along = (x: Tensor, row: Tensor): Tensor => matMul(x, reshape(row, [units, 1]))
  const step = ({ v, h }: Known, row: UnitRow): { readonly carry: Known; readonly y: ReadonlyArray<Tensor> } => {
    const c = add(along(v, row.right), along(b, row.unit))
    const root = tanhRoot(sub(along(image, row.unit), along(h, row.left)), { r: row.r, q: row.s, c })
    const unit = reshape(row.unit, [1, units])
    const value = tanh(add(mul(row.s, root), c))
    return { carry: { v: add(v, mul(root, unit)), h: add(h, mul(value, unit)) }, y: [] }
  }
  const start = { v: zerosLike(image), h: zerosLike(image) }
  return scan(step, start, { unit: identityMatrix(units), left, right, r, s }, { reverse: true }).carry.v
}

/**
 * A Sylvester map of vectors of a length.
 *
 * @param conditioner maps the flattened context [N, C] to [N, M]
 */
export const sylvesterBijector = (
  { dim, units, basis, reflections }: SylvesterSizes,
  conditioner?: Network,
  contextShape?: Tree<Shape>,
): Bijector<SylvesterParams> => {
  const space = realSpace([dim])
  const columnsOf = (own: Tensor | undefined): Tensor => {
    const q = own === undefined ? identityMatrix(dim) : basis === 'householder' ? reflectionsOf(own) : rotationOf(skew(own))
    return slice(q, [0, 0], [dim, units])
  }
  const hidden = (params: SylvesterParams, context?: Context): Hidden => {
    const product = aboveMinusOne(params.product)
    const s = exp(logScale('softclip', params.logScale))
    return {
      columns: columnsOf(params.basis),
      left: strictTriangle(params.left, true),
      right: strictTriangle(params.right, true),
      r: div(product, s),
      s,
      product,
      b: movedByContext([params.b], conditioner, params.conditioner, context)[0]!,
    }
  }
  const activations = ({ right, s, b }: Hidden, v: Tensor): Tensor => tanh(add(add(matMul(v, right, false, true), mul(v, s)), b))
  /** Q R h. */
  const moved = ({ columns, left, r }: Hidden, h: Tensor): Tensor =>
    matMul(add(matMul(h, left, false, true), mul(h, r)), columns, false, true)
  const has = { basis: basis !== 'triangular', conditioner: conditioner !== undefined }
  const own = { left: true, right: true, product: true, logScale: true, b: true }
  return {
    spec: sylvester({
      basis,
      units,
      ...(basis === 'householder' && { reflections }),
      ...(conditioner && { conditioner: conditioner.spec }),
    }),
    contextShape: conditioner && contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'iterative' },
    trainable: { ...own, ...(has.basis && { basis: true }), ...(conditioner && { conditioner: conditioner.trainable }) },
    init: key => ({
      left: zeros([units, units]),
      right: zeros([units, units]),
      product: zeros([units]),
      logScale: zeros([units]),
      b: zeros([units]),
      ...(has.basis && { basis: basis === 'householder' ? initReflections(reflections, dim) : zeros([dim, dim]) }),
      ...(conditioner && { conditioner: conditioner.init(key) }),
    }),
    forward: (params, x, context) =>
      tidy(() => {
        const given = hidden(params, context)
        const h = activations(given, matMul(x, given.columns))
        return { y: add(x, moved(given, h)), logDet: sum(logSlope(given.product, h), 1) }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        const given = hidden(params, context)
        const h = activations(given, solved(given, matMul(y, given.columns)))
        return { x: sub(y, moved(given, h)), logDet: neg(sum(logSlope(given.product, h), 1)) }
      }),
  }
}

export const sylvesterEntry: BijectorEntry<SylvesterSpec> = {
  tag: 'sylvester',
  build: (spec, site) => {
    const dim = vectorLength('sylvester', site)
    checkWord(spec.basis, ['orthogonal', 'householder', 'triangular'], site, 'basis')
    checkCount(spec.units, 1, dim, site, 'units')
    const units = spec.units ?? dim
    const sizes = { dim, units, basis: spec.basis, reflections: reflectionCount(spec.reflections, dim, site) }
    return { ...sylvesterBijector(sizes, contextNetwork(spec.conditioner, units, site), site.context), spec }
  },
}
