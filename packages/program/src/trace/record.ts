import { ensureRules, handle, isolated, mapTree, showPath, tidy } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { engine, Tensor } from '@tensorflow/tfjs-core'
import { builder } from '../builder.ts'
import { emit } from '../emit.ts'
import type { Program, Type, Value } from '../program.ts'
import { ensureBackend, tracing } from './backend.ts'
import { recording, tracerOf, valueOf } from './tracers.ts'
import type { Recorder } from './tracers.ts'

/** What is traced, as errors name it, and what becomes of tensors of an enclosing trace: an error that ends in `advice`. */
export interface Subject {
  readonly name: string
  readonly advice: string
}

/**
 * Records what a function of tensors without numbers does. `input` adds an input to the program.
 *
 * @throws TypeError when f reads a traced tensor, captures a variable, returns a promise or anything but a tree of tensors
 * @throws RangeError when f uses a disposed tensor, one of another trace, or an op that cannot be traced
 */
export const record = (subject: Subject, f: Recorded): Program => recordWith(subject, f, undefined)

/** `record` for the body of a loop: the tensors from outside that it uses become further inputs, after its own. */
export const recordBody = (subject: Subject, f: Recorded): { readonly program: Program; readonly captured: ReadonlyArray<Tensor> } => {
  const captured: Tensor[] = []
  const program = recordWith(subject, f, captured)
  return { program, captured }
}

type Recorded = (input: (type: Type, name: string) => Tensor) => unknown

const recordWith = (subject: Subject, f: Recorded, captured: Tensor[] | undefined): Program => {
  ensureRules()
  ensureBackend()
  const b = builder()
  const known = new Map<number, Value>()
  // one input for each tensor, not for each value: the gradient of each is asked for alone
  const capture = (tensor: Tensor): Value => {
    const value = known.get(tensor.id) ?? b.input({ ...typeOf(subject, tensor), name: `captured${captured!.length}` })
    if (!known.has(tensor.id)) captured!.push(tensor)
    known.set(tensor.id, value)
    return value
  }
  const recorder: Recorder = {
    subject,
    b,
    emit: emit(b),
    captured: new WeakMap(),
    made: [],
    held: [],
    capture: captured && capture,
    open: true,
  }
  const outputs = onTracingBackend(() =>
    isolated(() =>
      recording(recorder, () =>
        tidy(() => {
          try {
            return resultValues(
              recorder,
              f((type, name) => inputTracer(recorder, type, name)),
            )
          } finally {
            recorder.held.forEach(tensor => tensor.dispose())
          }
        }),
      ),
    ),
  )
  explainEscapes(recorder)
  return b.finish(outputs)
}

const typeOf = ({ name }: Subject, { shape, dtype }: Tensor): Type => {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`${name}: expected float32, int32 or bool tensors, got a ${String(dtype)} one`)
  return { shape: [...shape], dtype }
}

const inputTracer = (recorder: Recorder, { shape, dtype }: Type, name: string): Tensor => {
  const value = recorder.b.input({ shape: [...shape], dtype, name })
  return engine().makeTensorFromTensorInfo(tracerOf(recorder, value, `the argument ${name}`))
}

const resultValues = (recorder: Recorder, result: unknown): Tree<Value> => {
  const refuse = (leaf: unknown, path: ReadonlyArray<string | number>): never => {
    const promise = typeof (leaf as { readonly then?: unknown } | undefined)?.then === 'function'
    const got = promise ? 'a promise; a traced function may not be async' : leaf === null ? 'null' : typeof leaf
    throw new TypeError(`${recorder.subject.name}: expected a function that returns a tree of tensors, got ${got} at ${showPath(path)}`)
  }
  return mapTree<unknown, Value>(
    (leaf, path) => (leaf instanceof Tensor ? valueOf(recorder, leaf, 'the result') : refuse(leaf, path)),
    result as Tree<unknown>,
  )
}

/**
 * Only the outermost trace switches: setting a tfjs backend up again takes 0.7 ms. Meanwhile what an op saves for its gradient is another
 * handle: tfjs' own clone runs a kernel and records it on the tape, a quarter of all of a trace, which gradients of gradients alone need.
 */
const onTracingBackend = <A>(f: () => A): A => {
  const previous = engine().backendName
  if (previous === tracing) return f()
  void engine().setBackend(tracing) // synchronous, since its factory is
  const { clone } = engine() as unknown as { clone(x: Tensor): Tensor } // private API
  Object.assign(engine(), {
    clone: (x: Tensor) => (engine().state.gradientDepth === 1 ? handle(x) : clone.call(engine(), x)),
  })
  try {
    return f()
  } finally {
    Reflect.deleteProperty(engine(), 'clone')
    if (previous) void engine().setBackend(previous)
    else Object.assign(engine(), { backendName: null, backendInstance: null }) // none was chosen yet
  }
}

/**
 * tfjs forgets the backend of a disposed tensor. It is told again, so that an op on a tensor that escaped asks the tracing backend
 * for its numbers, which says what happened.
 */
const explainEscapes = ({ made }: Recorder): void => {
  const { tensorInfo } = engine().state
  const backend = engine().findBackend(tracing)
  for (const dataId of made) if (!tensorInfo.has(dataId)) tensorInfo.set(dataId, { backend, shape: [], dtype: 'float32', bytes: 0 })
  made.length = 0
}
