import { add, broadcastTo, matMul, mul, reshape, tensor2d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import { uniform } from '../random/sample.ts'
import { joined, tidy } from '../tensor.ts'
import { leaves } from '../tree.ts'

/** y = x w + b: w [in, out], b [out]. */
export type Linear = { readonly w: Tensor; readonly b: Tensor }

/** The first layer of a conditioner; with a context, its weights stand apart: y = x w + context v + b. */
export type FirstLinear = Linear & { readonly v?: Tensor }

/** Zeros and ones [rows, columns], row-major: a host constant that belongs to the spec, never to the parameters. */
export interface Mask {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

/** Weights and biases uniform within +-1 / sqrt(fan-in), PyTorch's start. */
export const initLinear = (key: Key, input: number, output: number, fanIn: number = input): Linear => {
  const [wKey, bKey] = split(key)
  const high = 1 / Math.sqrt(Math.max(1, fanIn))
  return { w: uniform(wKey!, [input, output], { low: -high, high }), b: uniform(bKey!, [output], { low: -high, high }) }
}

/** `initLinear` for [N, input] with a context [N, context] beside it. */
export const initFirst = (key: Key, input: number, context: number, output: number): FirstLinear => {
  if (context === 0) return initLinear(key, input, output)
  const [ownKey, contextKey] = split(key)
  const high = 1 / Math.sqrt(input + context)
  return {
    ...initLinear(ownKey!, input, output, input + context),
    v: uniform(contextKey!, [context, output], { low: -high, high }),
  }
}

/** Zeros: a network that ends in it starts as the constant 0, so that the transformer that it drives starts as the identity. */
export const zeroLinear = (input: number, output: number): Linear => ({ w: zeros([input, output]), b: zeros([output]) })

/** x [N, in] through a linear layer; a mask [in, out] cuts connections. */
export const linear = ({ w, b }: Linear, x: Tensor, mask?: Mask): Tensor =>
  add(matMul(x, mask === undefined ? w : mul(w, tensor2d(mask.values, [mask.rows, mask.columns]))), b)

/** The first layer. The context's share is computed on the context's own rows: one row runs through once. */
export const firstLinear = (layer: FirstLinear, x: Tensor, context?: Context, mask?: Mask): Tensor => {
  const own = linear(layer, x, mask)
  return layer.v === undefined || context === undefined ? own : add(own, matMul(flattenContext(context), layer.v))
}

/** A context as one matrix [N, features]: its leaves side by side in tree order; leaves of one row are repeated. */
export const flattenContext = (context: Context): Tensor =>
  tidy(() => {
    const parts = leaves(context).map(leaf => reshape(leaf, [leaf.shape[0]!, leaf.shape.slice(1).reduce((n, size) => n * size, 1)]))
    const rows = parts.find(part => part.shape[0] !== 1)?.shape[0] ?? 1
    const full = parts.map(part => (part.shape[0] === rows ? part : broadcastTo(part, [rows, part.shape[1]!])))
    return full.length === 1 ? reshape(full[0]!, full[0]!.shape) : joined(full, 1)
  })
