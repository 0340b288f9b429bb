import type { Arithmetic } from '../math/arithmetic.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'

/** The shape and type of a value. */
export interface CustomType {
  readonly shape: ReadonlyArray<number>
  readonly dtype: ElementType
}

/** A custom op where it is used: its attributes, and the types around it. */
export interface CustomCall {
  readonly attrs: unknown
  readonly inputs: ReadonlyArray<CustomType>
  readonly outputs: ReadonlyArray<CustomType>
}

/** A kernel for a custom op. */
export interface CustomPlan {
  readonly kernel: Kernel
  /** Bytes of memory that hold nothing between two calls. */
  readonly scratch: number
  /** The kernel's arguments: addresses are handed on as they are, since they may stand for code. */
  arguments<A>(at: {
    readonly inputs: ReadonlyArray<A>
    readonly outputs: ReadonlyArray<A>
    readonly scratch: A
  }): ReadonlyArray<A | number>
}

/** The kernel of an op; undefined where there is none for these attributes and shapes: then its composite is run. */
export type Emitter = (ar: Arithmetic, call: CustomCall) => CustomPlan | undefined

/** The number of values of a shape. */
export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)
