import { mul, reshape, tensor2d, tensor3d, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Network, Transformer } from '../contracts.ts'
import { scan } from '../control/scan.ts'
import { applyMasked, contextShare, maskedStructureOf, masksOf } from '../networks/made.ts'
import type { MadeParams, MaskedStructure } from '../networks/made.ts'
import type { Linear, Mask } from '../networks/linear.ts'
import { defineOp } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'
import { isTracing } from '../ops/tracer.ts'
import { sumEvent, tidy } from '../tensor.ts'
import { isOfSpec } from '../transformers/of-spec.ts'
import { scalarTransformer } from '../transformers/scalar.ts'
import type { ScalarSpec } from '../transformers/scalar.ts'

/** x and the log-determinant of the inverse. */
export interface Inverse {
  readonly x: Tensor
  readonly logDet: Tensor
}

/**
 * The inverse of an autoregressive layer, a pass of its network for each level: after pass i the dimensions of the first i levels are final; the
 * others stay 0, lest an overflow there meet a masked zero.
 *
 * @param pass   the transformer's inverse at y, its theta computed from what is known of x
 * @param levels for each dimension how many passes come before its own; unless given, as many as there are dimensions before it
 */
export const passByPass = (
  y: Tensor,
  pass: (known: Tensor) => { readonly x: Tensor; readonly logDeriv: Tensor },
  levels: ReadonlyArray<number> = Array.from({ length: y.shape[1]! }, (_, i) => i),
): Inverse => {
  const count = Math.max(...levels)
  const zero = zerosLike(y)
  const next = (x: Tensor, isKnown: Tensor): Tensor => where(isKnown, pass(x).x, zero)
  // one pass is recorded however many there are
  const known =
    isTracing() && count > 1
      ? scan((x: Tensor, isKnown: Tensor) => ({ carry: next(x, isKnown), y: [] }), zero, columnsOf(count, levels)).carry
      : Array.from({ length: count }).reduce<Tensor>((x, _, i) => tidy(() => next(x, columnsUpTo(i, levels))), zero)
  const { x, logDeriv } = pass(known)
  return { x, logDet: sumEvent(logDeriv) }
}

/** bool [count, 1, D]: true in matrix i for the dimensions of the levels up to i. */
const columnsOf = (count: number, levels: ReadonlyArray<number>): Tensor =>
  tensor3d(
    Uint8Array.from({ length: count * levels.length }, (_, at) => (levels[at % levels.length]! <= Math.floor(at / levels.length) ? 1 : 0)),
    [count, 1, levels.length],
    'bool',
  )

const columnsUpTo = (last: number, levels: ReadonlyArray<number>): Tensor =>
  tensor2d(
    Uint8Array.from(levels, level => (level <= last ? 1 : 0)),
    [1, levels.length],
    'bool',
  )

type Attributes = MaskedStructure & { readonly transformer: Json }

/** What both ops have: the network, its masks applied, and the transformer; (values [N, D], share) to theta [N, D, size]. */
const layerOf = (
  inputs: ReadonlyArray<Tensor>,
  attrs: Attributes,
): { readonly transformer: Transformer; readonly theta: (known: Tensor) => Tensor } => {
  const dim = inputs[0]!.shape[1]!
  const share = attrs.context ? inputs[1]! : undefined
  const transformer = scalarTransformer(attrs.transformer as unknown as ScalarSpec) // a spec is JSON
  const params = paramsOf(attrs, inputs.slice(attrs.context ? 2 : 1), masksOf(attrs, dim, transformer.size))
  const theta = (known: Tensor): Tensor => {
    const flat = applyMasked(attrs, [], params, known, share)
    return reshape(flat, [flat.shape[0]!, dim, transformer.size])
  }
  return { transformer, theta }
}

/**
 * The forward pass as an op: (x [N, D], [the context's share of the first layer,] w, b of every linear map in order) to (y, logDet). A compiler may do it
 * a few rows at a time, without what a gradient would need of the network.
 */
const autoregressiveForward = defineOp<Attributes>({
  name: 'autoregressiveForward',
  composite: (inputs, attrs) => {
    const { transformer, theta } = layerOf(inputs, attrs)
    const { y, logDeriv } = transformer.forward({}, theta(inputs[0]!), inputs[0]!)
    return [y, sumEvent(logDeriv)]
  },
})

/**
 * The inverse as an op: (y [N, D], [the context's share of the first layer,] w, b of every linear map in order) to (x, logDet). Its composite is
 * `passByPass` as a scan, of which a compiler can do in one: a unit of the masked network depends on units of lower or equal degree alone.
 */
const autoregressiveInverse = defineOp<Attributes>({
  name: 'autoregressiveInverse',
  composite: (inputs, attrs) => {
    const y = inputs[0]!
    const { transformer, theta } = layerOf(inputs, attrs)
    const pass = (known: Tensor): { readonly x: Tensor; readonly logDeriv: Tensor } => transformer.inverse({}, theta(known), y)
    const zero = zerosLike(y)
    const { carry } = scan(
      (known: Tensor, isKnown: Tensor) => ({ carry: where(isKnown, pass(known).x, zero), y: [] }),
      zero,
      firstOnes(y.shape[1]!),
    )
    const { x, logDeriv } = pass(carry)
    return [x, sumEvent(logDeriv)]
  },
})

/** bool [dim - 1, 1, dim]: true in the first i + 1 columns of matrix i. */
const firstOnes = (dim: number): Tensor =>
  tensor3d(
    Uint8Array.from({ length: (dim - 1) * dim }, (_, at) => (at % dim <= Math.floor(at / dim) ? 1 : 0)),
    [dim - 1, 1, dim],
    'bool',
  )

/** The parameters in their tree, the masks applied. */
const paramsOf = ({ residual }: Attributes, tensors: ReadonlyArray<Tensor>, masks: ReadonlyArray<Mask>): MadeParams => {
  const depth = residual ? 2 : 1
  const maps = Array.from({ length: tensors.length / 2 }, (_, i): Linear => {
    const isLast = 2 * i === tensors.length - 2
    const { values, rows, columns } = isLast ? masks.at(-1)! : masks[Math.ceil(i / depth)]!
    return { w: mul(tensors[2 * i]!, tensor2d(values, [rows, columns])), b: tensors[2 * i + 1]! }
  })
  const inner = maps.slice(1, -1)
  return {
    first: maps[0]!,
    hidden: Array.from({ length: inner.length / depth }, (_, i) => inner.slice(depth * i, depth * (i + 1))),
    last: maps.at(-1)!,
  }
}

/** The two ways through a layer, each as one op. */
export interface AutoregressiveOps {
  readonly forward: (params: MadeParams, x: Tensor, context?: Context) => { readonly y: Tensor; readonly logDet: Tensor }
  readonly inverse: (params: MadeParams, y: Tensor, context?: Context) => Inverse
}

/** The ops' ways through a layer whose network and transformer are diffeo's own; undefined for others. */
export const autoregressiveOps = (conditioner: Network, transformer: Transformer): AutoregressiveOps | undefined => {
  const masked = maskedStructureOf(conditioner)
  if (masked === undefined || !isOfSpec(transformer)) return undefined
  const attrs = { ...masked, hidden: [...masked.hidden], transformer: transformer.spec as unknown as Json } // a spec is JSON
  const inputsOf = (params: MadeParams, values: Tensor, context: Context | undefined): ReadonlyArray<Tensor> => {
    const share = contextShare(params, context)
    const maps = [params.first, ...params.hidden.flat(), params.last]
    return [values, ...(share === undefined ? [] : [share]), ...maps.flatMap(({ w, b }) => [w, b])]
  }
  return {
    forward: (params, x, context) =>
      tidy(() => {
        const [y, logDet] = autoregressiveForward(inputsOf(params, x, context), attrs)
        return { y: y!, logDet: logDet! }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        const [x, logDet] = autoregressiveInverse(inputsOf(params, y, context), attrs)
        return { x: x!, logDet: logDet! }
      }),
  }
}
