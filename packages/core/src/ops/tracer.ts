import { engine } from '@tensorflow/tfjs-core'
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Json } from './json.ts'
import type { Op } from './op.ts'

/** One step of a scan on lists of tensors: the carry and one row of each of xs to the next carry and what is kept. */
export type LoopStep = (
  carry: ReadonlyArray<Tensor>,
  x: ReadonlyArray<Tensor>,
) => { readonly carry: ReadonlyArray<Tensor>; readonly ys: ReadonlyArray<Tensor> }

/** The functions of a while loop on one list of tensors: the carries, then the constants. */
export interface WhileFunctions {
  readonly carries: number
  cond(inputs: ReadonlyArray<Tensor>): Tensor
  body(inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor>
}

/** What a tracer does in place of core: it records what is more than a tfjs kernel. */
export interface Tracer {
  /** The tfjs backend that is active while it traces. */
  readonly backendName: string
  /** Records a custom op. */
  custom(op: Op, inputs: ReadonlyArray<TensorInfo>, attrs: Json): ReadonlyArray<TensorInfo>
  /** Records a scan, with its gradient. */
  readonly scan: (
    step: LoopStep,
    carry: ReadonlyArray<Tensor>,
    xs: ReadonlyArray<Tensor>,
    loop: { readonly length: number; readonly reverse: boolean },
  ) => ReturnType<LoopStep>
  /** Records a while loop. */
  whileLoop(loop: WhileFunctions, inputs: ReadonlyArray<TensorInfo>): ReadonlyArray<TensorInfo>
  /** Whether a tensor was made by the function that is being traced, not by one around it or before. */
  owns(x: Tensor): boolean
  /** Whether a tensor is known to hold zeros alone. */
  isZero(x: Tensor): boolean
}

const slot: { tracer?: Tracer } = {}

/** Fills the slot: `@diffeo/program` does, so that core need not import it. */
export const setTracer = (tracer: Tracer): void => {
  slot.tracer = tracer
}

/** The tracer, where a function is being traced now. */
export const activeTracer = (): Tracer | undefined =>
  slot.tracer !== undefined && engine().backendName === slot.tracer.backendName ? slot.tracer : undefined

/** Whether a function is being traced: tensors have shapes, and no numbers. */
export const isTracing = (): boolean => activeTracer() !== undefined
