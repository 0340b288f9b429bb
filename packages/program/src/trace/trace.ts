import { entries } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Program, Type, Value } from '../program.ts'
import { typesOf } from '../values.ts'
import { mapArguments } from './arguments.ts'
import type { Tracers } from './arguments.ts'
import { ensureTracer } from './hooks.ts'
import { record } from './record.ts'

/** A traced function: its program, and the leaves of what it returned, in order. */
export interface Traced {
  readonly program: Program
  readonly outputs: ReadonlyArray<Type & { readonly path: Path }>
}

/**
 * Runs a pure function once on tensors without numbers and records what it does as a program.
 *
 * Example arguments are trees of tensors, of their shapes and dtypes `{ shape, dtype }`, of numbers, which are float32 scalars,
 * and of keys, which are int32 [2]; only shapes and dtypes are read, and each leaf is an input of the program. Tensors that the function captures become constants, as
 * do those that it makes of numbers. Gradients taken inside, of any order, are in the program. No tensor is left behind, and those of
 * the user stay as and where they are.
 *
 * @throws TypeError when f reads a traced tensor, captures a variable, returns a promise or anything but a tree of tensors
 * @throws RangeError when f uses a disposed tensor, one of another trace, or an op that cannot be traced
 * @example trace((w, x) => matMul(x, w), { shape: [2, 3], dtype: 'float32' }, tensor2d([[1, 2]])).program
 */
export const trace = <const A extends ReadonlyArray<unknown>, R extends Tree<Tensor>>(
  f: (...args: Tracers<A>) => R,
  ...args: A
): Traced => {
  ensureTracer()
  const program = record({ name: 'trace', advice: 'pass it as an argument of the inner trace' }, input =>
    f(...(mapArguments(args, input) as unknown as Tracers<A>)),
  )
  const types = typesOf(program)
  return {
    program,
    outputs: entries<Value>(program.outputs).map(([path, value]) => ({ path, shape: types[value]!.shape, dtype: types[value]!.dtype })),
  }
}
