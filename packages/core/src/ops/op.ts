import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '../contracts.ts'
import type { Json } from './json.ts'

/** The shape and dtype of a tensor, without its numbers. */
export interface TensorType {
  readonly shape: Shape
  readonly dtype: 'float32' | 'int32' | 'bool'
}

/** The numbers of a tensor, row-major: float32, int32, or bool as 0 and 1. */
export type TensorData = Float32Array | Int32Array | Uint8Array

/**
 * The gradients of an op's inputs from those of its outputs, one for each input and of its shape; null stands for zeros. Written in tfjs
 * ops or other ops, so that it has a gradient itself.
 */
export interface Vjp<A extends Json> {
  vjp(cotangents: ReadonlyArray<Tensor>, inputs: ReadonlyArray<Tensor>, attrs: A): ReadonlyArray<Tensor | null>
}

/** An op that is a function of tensors written in tfjs ops. */
export interface CompositeOp<A extends Json = Json> extends Partial<Vjp<A>> {
  readonly name: string
  composite(inputs: ReadonlyArray<Tensor>, attrs: A): ReadonlyArray<Tensor>
}

/** An op that tfjs cannot express: a function over typed arrays, which are read alone, and the types of what it gives. */
export interface HostOp<A extends Json = Json> extends Partial<Vjp<A>> {
  readonly name: string
  host(inputs: ReadonlyArray<TensorData>, attrs: A, types: ReadonlyArray<TensorType>): ReadonlyArray<TensorData>
  shape(types: ReadonlyArray<TensorType>, attrs: A): ReadonlyArray<TensorType>
}

/** A custom op. Method members, so that ops with attributes of their own stand in one table. */
export type Op<A extends Json = Json> = CompositeOp<A> | HostOp<A>

/** Whether an op is TypeScript over typed arrays. */
export const isHostOp = <A extends Json>(op: Op<A>): op is HostOp<A> => 'host' in op

const ops = new Map<string, Op>()

/** The op of a name, for whoever runs a program that holds it. */
export const opNamed = (name: string): Op | undefined => ops.get(name)

/**
 * Puts an op into the table.
 *
 * @throws RangeError when the name is empty or taken
 */
export const addOp = (op: Op): void => {
  if (typeof op.name !== 'string' || op.name === '') throw new RangeError(`defineOp: expected a name, got ${JSON.stringify(op.name)}`)
  if (ops.has(op.name)) throw new RangeError(`defineOp: expected a name of its own, got '${op.name}', which is taken`)
  ops.set(op.name, op)
}
