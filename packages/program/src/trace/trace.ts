import { ensureRules, entries, isolated, mapTree, showPath, tidy } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import { engine, Tensor } from '@tensorflow/tfjs-core'
import { builder } from '../builder.ts'
import { emit } from '../emit.ts'
import type { Program, Type, Value } from '../program.ts'
import { mapArguments } from './arguments.ts'
import type { Tracers } from './arguments.ts'
import { ensureBackend, tracing } from './backend.ts'
import { recording, tracerOf, valueOf } from './tracers.ts'
import type { Recorder } from './tracers.ts'

/** A traced function: its program, and the leaves of what it returned, in order. */
export interface Traced {
  readonly program: Program
  readonly outputs: ReadonlyArray<Type & { readonly path: Path }>
}

/**
 * Runs a pure function once on tensors without numbers and records what it does as a program.
 *
 * Example arguments are trees of tensors, of their shapes and dtypes `{ shape, dtype }`, and of numbers, which are float32 scalars;
 * only shapes and dtypes are read, and each leaf is an input of the program. Tensors that the function captures become constants, as
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
  ensureRules()
  ensureBackend()
  const b = builder()
  const recorder: Recorder = { b, emit: emit(b), captured: new WeakMap(), made: [], open: true }
  const outputs = onTracingBackend(() =>
    isolated(() =>
      recording(recorder, () =>
        tidy(() => {
          const tracers = mapArguments(args, (type, name) => inputTracer(recorder, type, name))
          return resultValues(recorder, f(...(tracers as unknown as Tracers<A>)))
        }),
      ),
    ),
  )
  explainEscapes(recorder)
  const program = b.finish(outputs)
  return { program, outputs: entries<Value>(outputs).map(([path, value]) => ({ path, ...b.typeOf(value) })) }
}

const inputTracer = (recorder: Recorder, { shape, dtype }: Type, name: string): Tensor => {
  const value = recorder.b.input({ shape: [...shape], dtype, name })
  return engine().makeTensorFromTensorInfo(tracerOf(recorder, value, `the argument ${name}`))
}

const resultValues = (recorder: Recorder, result: unknown): Tree<Value> => {
  for (const [path, leaf] of entries(result as Tree<unknown>)) {
    if (leaf instanceof Tensor) continue
    const promise = typeof (leaf as { readonly then?: unknown } | undefined)?.then === 'function'
    const got = promise ? 'a promise; a traced function may not be async' : leaf === null ? 'null' : typeof leaf
    throw new TypeError(`trace: expected a function that returns a tree of tensors, got ${got} at ${showPath(path)}`)
  }
  return mapTree((tensor: Tensor) => valueOf(recorder, tensor, 'the result'), result as Tree<Tensor>)
}

/** Only the outermost trace switches: setting a tfjs backend up again takes 0.7 ms. */
const onTracingBackend = <A>(f: () => A): A => {
  const previous = engine().backendName
  if (previous === tracing) return f()
  void engine().setBackend(tracing) // synchronous, since its factory is
  try {
    return f()
  } finally {
    if (previous) void engine().setBackend(previous)
    else Object.assign(engine(), { backendName: null, backendInstance: null }) // none was chosen yet
  }
}

interface EngineState {
  readonly tensorInfo: WeakMap<object, object>
}

/**
 * tfjs forgets the backend of a disposed tensor. It is told again, so that an op on a tensor that escaped asks the tracing backend
 * for its numbers, which says what happened.
 */
const explainEscapes = ({ made }: Recorder): void => {
  const { tensorInfo } = (engine() as unknown as { readonly state: EngineState }).state // private API
  const backend = engine().findBackend(tracing)
  for (const dataId of made) if (!tensorInfo.has(dataId)) tensorInfo.set(dataId, { backend, shape: [], dtype: 'float32', bytes: 0 })
  made.length = 0
}
