import { engine } from '@tensorflow/tfjs-core'
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Json } from './json.ts'
import type { Op } from './op.ts'

/** What a tracer does in place of core: it records ops that are more than tfjs kernels. */
export interface Tracer {
  /** The tfjs backend that is active while it traces. */
  readonly backendName: string
  /** Records a custom op. */
  custom(op: Op, inputs: ReadonlyArray<TensorInfo>, attrs: Json): ReadonlyArray<TensorInfo>
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
