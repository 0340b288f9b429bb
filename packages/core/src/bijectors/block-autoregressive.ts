import {
  abs,
  add,
  div,
  exp,
  eye,
  log,
  matMul,
  mul,
  neg,
  reshape,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  tensor2d,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Shape } from '../contracts.ts'
import { monotoneRoot } from '../control/monotone-root.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { scan } from '../control/scan.ts'
import { flattenContext, initFirst, initLinear } from '../networks/linear.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec } from '../spec.ts'
import { realSpace } from '../support.ts'
import { contextWidth, handle, sumEvent, tidy } from '../tensor.ts'
import { checkCount } from '../transformers/check-count.ts'
import type { Tree } from '../tree.ts'
import { vectorLength } from './vector.ts'

/** What `blockAutoregressive` returns. */
export type BlockAutoregressiveSpec = BijectorSpec & {
  readonly _tag: 'blockAutoregressive'
  readonly width: number
  readonly depth: number
}

/**
 * A block neural autoregressive layer (BNAF, De Cao et al. 2019): one network from x to y whose blocks of weights are positive on the diagonal, free below it and 0
 * above, so that y_i depends on x_1 .. x_i and rises with x_i. Its activation is tanh(z) + 0.01 z (FlowJAX's), which maps the real line onto itself.
 *
 * forward is one pass; inverse finds one dimension after the other numerically. It starts as some such map whose value at 0 is 0, with slopes of 1 on the
 * Jacobian's diagonal there.
 *
 * @param width hidden units of each layer for each dimension
 * @param depth hidden layers
 * @example invert(chain(blockAutoregressive(), reverse(), blockAutoregressive()))
 * @see https://arxiv.org/abs/1904.04676
 */
export const blockAutoregressive = ({
  width = 8,
  depth = 1,
}: { readonly width?: number; readonly depth?: number } = {}): BlockAutoregressiveSpec => ({ _tag: 'blockAutoregressive', width, depth })

/** A layer's weights [in, out] before masks and normalization, and the logarithms of the norms that its columns get. `v` are those of the context. */
export type BlockLayer = { readonly w: Tensor; readonly b: Tensor; readonly logNorm: Tensor; readonly v?: Tensor }

/** The layers from x to y. */
export type BlockAutoregressiveParams = { readonly layers: ReadonlyArray<BlockLayer> }

/** [blocks rows, blocks columns] of zeros and ones: 1 where the block of the row and that of the column are in this order. */
const blocks = (dim: number, rows: number, columns: number, holds: (row: number, column: number) => boolean): Tensor =>
  tensor2d(
    Float32Array.from({ length: dim * rows * dim * columns }, (_, at) =>
      holds(Math.floor(at / (dim * columns) / rows), Math.floor((at % (dim * columns)) / columns)) ? 1 : 0,
    ),
    [dim * rows, dim * columns],
  )

/** Softplus on the diagonal blocks, 0 above them. */
const masked = (w: Tensor, dim: number): Tensor => {
  const [rows, columns] = [w.shape[0]! / dim, w.shape[1]! / dim]
  const diagonal = blocks(dim, rows, columns, (i, j) => i === j)
  return add(
    mul(softplus(w), diagonal),
    mul(
      w,
      blocks(dim, rows, columns, (i, j) => i < j),
    ),
  )
}

const columnNorms = (w: Tensor): Tensor => sqrt(sum(square(w), 0))

/** Weights as they multiply, and their diagonal blocks [dim, rows, columns]. */
interface Weights {
  readonly w: Tensor
  readonly b: Tensor
  readonly diagonal: Tensor
}

const weightsOf = ({ w, b, logNorm }: BlockLayer, dim: number): Weights => {
  const free = masked(w, dim)
  const full = mul(free, div(exp(logNorm), columnNorms(free)))
  const [rows, columns] = [w.shape[0]! / dim, w.shape[1]! / dim]
  const own = mul(reshape(full, [dim, rows, dim, columns]), reshape(eye(dim), [dim, 1, dim, 1]))
  return { w: full, b, diagonal: sum(own, 2) }
}

const leak = 0.01

/** tanh' z + 0.01, accurate in the tails. */
const slopeOf = (z: Tensor): Tensor => {
  const e = exp(mul(-2, abs(z)))
  return add(leak, div(mul(4, e), square(add(1, e))))
}

/** y [N, D] and the logarithms of the diagonal of the Jacobian [N, D]. `share` is what the context adds to the first layer. */
const networkAt = (layers: ReadonlyArray<Weights>, x: Tensor, share: Tensor): Sloped => {
  const [n, dim] = x.shape as [number, number]
  const [first, ...rest] = layers
  const start = {
    z: add(add(matMul(x, first!.w), first!.b), share),
    // [dim, N, units of a dimension]
    slope: add(first!.diagonal, zeros([dim, n, 1])),
  }
  const { z, slope } = rest.reduce(({ z: before, slope: so }, { w, b, diagonal }) => {
    const steep = transpose(reshape(slopeOf(before), [n, dim, -1]), [1, 0, 2])
    const h = add(tanh(before), mul(leak, before))
    return { z: add(matMul(h, w), b), slope: matMul(mul(so, steep), diagonal) }
  }, start)
  return { y: z, logDeriv: transpose(reshape(log(slope), [dim, n])) }
}

/** Layers of the sizes of the spec, uniform within +-1 / sqrt(fan-in); the last such that f(0) = 0 with slopes of 1. */
const initBlocks = (key: Key, { width, depth }: BlockAutoregressiveSpec, dim: number, context: number): BlockAutoregressiveParams =>
  tidy(() => {
    const sizes = [dim, ...Array.from({ length: depth }, () => dim * width), dim]
    const layers = split(key, depth + 1).map((k, i): BlockLayer => {
      const layer = i === 0 ? initFirst(k, dim, context, sizes[1]!) : initLinear(k, sizes[i]!, sizes[i + 1]!)
      return { ...layer, logNorm: log(columnNorms(masked(layer.w, dim))) }
    })
    const { y, logDeriv } = networkAt(
      layers.map(layer => weightsOf(layer, dim)),
      zeros([1, dim]),
      zeros([1, 1]),
    )
    const { w, b, logNorm } = layers.at(-1)!
    const logSlope = reshape(logDeriv, [dim])
    return {
      layers: [...layers.slice(0, -1), { w, b: mul(sub(b, reshape(y, [dim])), exp(neg(logSlope))), logNorm: sub(logNorm, logSlope) }],
    }
  })

/** A block autoregressive layer of vectors of a length. */
export const blockAutoregressiveBijector = (
  spec: BlockAutoregressiveSpec,
  dim: number,
  contextShape?: Tree<Shape>,
): Bijector<BlockAutoregressiveParams> => {
  const context = contextWidth(contextShape)
  const readied = (
    params: BlockAutoregressiveParams,
    given?: Context,
  ): { readonly layers: ReadonlyArray<Weights>; readonly share: Tensor } => ({
    layers: params.layers.map(layer => weightsOf(layer, dim)),
    share: given === undefined || context === 0 ? zeros([1, 1]) : matMul(flattenContext(given), params.layers[0]!.v!),
  })
  const yes = { w: true, b: true, logNorm: true }
  return {
    spec,
    contextShape,
    base: realSpace([dim]),
    data: realSpace([dim]),
    cost: { forward: 'parallel', inverse: 'iterative' },
    trainable: { layers: Array.from({ length: spec.depth + 1 }, (_, i) => (i === 0 && context > 0 ? { ...yes, v: true } : yes)) },
    init: key => initBlocks(key, spec, dim, context),
    forward: (params, x, given) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const { layers, share } = readied(params, given)
        const { y, logDeriv } = networkAt(layers, x, share)
        return { y, logDet: sumEvent(logDeriv) }
      }),
    inverse: (params, y, given) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const weights = readied(params, given)
        const x = dimensionByDimension(weights, y)
        return { x, logDet: neg(sumEvent(networkAt(weights.layers, x, weights.share).logDeriv)) }
      }),
  }
}

interface At {
  readonly layers: ReadonlyArray<{ readonly w: Tensor; readonly b: Tensor; readonly diagonal: Tensor }>
  readonly share: Tensor
  readonly known: Tensor
  readonly unit: Tensor
}

/** x_i from y_i and the x before it: `unit` [1, D] is 1 at i, `known` 0 from there on. */
const dimensionByDimension = (weights: { readonly layers: ReadonlyArray<Weights>; readonly share: Tensor }, y: Tensor): Tensor => {
  const dim = y.shape[1]!
  const own = (all: Tensor, unit: Tensor): Tensor => sum(mul(all, unit), 1, true)
  const f = (x: Tensor, { layers, share, known, unit }: At): Sloped => {
    const all = networkAt(layers, add(known, mul(x, unit)), share)
    return { y: own(all.y, unit), logDeriv: own(all.logDeriv, unit) }
  }
  const { carry } = scan(
    (known: Tensor, unit: Tensor) => {
      const given = { ...weights, known, unit } as unknown as Tree<Tensor>
      const x = monotoneRoot(f as unknown as (x: Tensor, given: Tree<Tensor>) => Sloped, own(y, unit), given)
      return { carry: add(known, mul(x, unit)), y: [] }
    },
    zeros(y.shape),
    reshape(eye(dim), [dim, 1, dim]),
  )
  return carry
}

export const blockAutoregressiveEntry: BijectorEntry<BlockAutoregressiveSpec> = {
  tag: 'blockAutoregressive',
  build: (spec, site) => {
    checkCount('width', spec.width, [1, 4096], site)
    checkCount('depth', spec.depth, [1, 99], site)
    return blockAutoregressiveBijector(spec, vectorLength('blockAutoregressive', site), site.context)
  },
}
