import type { Shape, Tree } from '@diffeo/core'

/** What a traced value can be. */
export type DType = 'float32' | 'int32' | 'bool'

/** The shape and dtype of a value, without its numbers. */
export interface Type {
  readonly shape: Shape
  readonly dtype: DType
}

/** A value by its number: inputs first, then constants, then the nodes' outputs in order. */
export type Value = number

/** Numbers that were known while tracing. `fill` stands for an array of one repeated number. */
export type Constant = Type & ({ readonly data: Float32Array | Int32Array | Uint8Array } | { readonly fill: number })

/** Elementwise functions of one argument. */
export type Unary =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'rsqrt'
  | 'square'
  | 'reciprocal'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'isNan'
  | 'isFinite'
  | 'not'

/** Elementwise functions of two arguments of one shape; broadcasting is a node of its own. */
export type Binary =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'max'
  | 'min'
  | 'atan2'
  | 'mod'
  | 'floorDiv'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'and'
  | 'or'

/** One primitive with its normal attributes: axes count from 0, sizes and permutations are whole, nothing is left to a default. */
export type Primitive =
  | { readonly op: Unary }
  | { readonly op: Binary }
  | { readonly op: 'cast'; readonly dtype: DType }
  | { readonly op: 'select' } // condition (bool), ifTrue, ifFalse; one shape
  | { readonly op: 'broadcast'; readonly shape: Shape; readonly axes: ReadonlyArray<number> } // axes[i]: the output axis of input axis i; sizes equal or 1
  | { readonly op: 'reshape'; readonly shape: Shape }
  | { readonly op: 'transpose'; readonly perm: ReadonlyArray<number> }
  | {
      readonly op: 'slice'
      readonly begin: ReadonlyArray<number>
      readonly size: ReadonlyArray<number>
      readonly stride: ReadonlyArray<number>
    }
  | { readonly op: 'reverse'; readonly axes: ReadonlyArray<number> }
  | { readonly op: 'pad'; readonly before: ReadonlyArray<number>; readonly after: ReadonlyArray<number>; readonly value: number }
  | { readonly op: 'concat'; readonly axis: number }
  | { readonly op: 'gather'; readonly axis: number } // x, indices (int32, any rank): out of range is undefined
  | { readonly op: 'scatterAdd'; readonly axis: number; readonly size: number } // values, indices [values.shape[axis]]
  | { readonly op: 'matmul'; readonly transposeA: boolean; readonly transposeB: boolean } // [..., m, k] x [..., k, n], equal batch axes
  | { readonly op: 'reduce'; readonly kind: 'sum' | 'prod' | 'max' | 'min' | 'any' | 'all'; readonly axes: ReadonlyArray<number> } // axes are dropped
  | { readonly op: 'arg'; readonly kind: 'max' | 'min'; readonly axis: number }
  | {
      readonly op: 'cumulative'
      readonly kind: 'sum' | 'prod'
      readonly axis: number
      readonly exclusive: boolean
      readonly reverse: boolean
    }
  | { readonly op: 'iota'; readonly shape: Shape; readonly axis: number } // no input; int32
  | { readonly op: 'custom'; readonly name: string; readonly attrs: string; readonly composite: Program | null } // attrs: JSON
  | Loop

/**
 * Loops. Their bodies are programs whose outputs are a list and which see nothing but their inputs.
 *
 *   scan   inputs   carries, xs [length, ...], what the body captures
 *          body     carries, one row of each of xs, what it captures -> carries, what is kept of the step
 *          outputs  the last carries; what is kept of each step, [length, ...], y_i beside x_i. In `reverse` the last row comes first
 *   while  inputs   carries, constants
 *          cond     carries, constants -> one bool []
 *          body     carries, constants -> carries
 *          outputs  the first carries of which cond does not hold
 */
export type Loop =
  | {
      readonly op: 'scan'
      readonly body: Program
      readonly carries: number
      readonly xs: number
      readonly length: number
      readonly reverse: boolean
    }
  | { readonly op: 'while'; readonly cond: Program; readonly body: Program; readonly carries: number }

/** One step: a primitive applied to values. Most give one value; `custom`, `scan` and `while` may give more. */
export type Node = Primitive & { readonly inputs: ReadonlyArray<Value>; readonly outputs: ReadonlyArray<Type> }

/**
 * A traced function as plain data: whatever runs, prints or exports it needs nothing else. Nodes stand in an order in which each
 * uses only values before it.
 */
export interface Program {
  readonly version: 1
  readonly inputs: ReadonlyArray<Type & { readonly name: string }>
  readonly constants: ReadonlyArray<Constant>
  readonly nodes: ReadonlyArray<Node>
  /** The results, as the tree that the function returned. */
  readonly outputs: Tree<Value>
}
