import { engine } from '@tensorflow/tfjs-core'
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Builder } from '../builder.ts'
import type { Emit } from '../emit.ts'
import type { DType, Value } from '../program.ts'
import { showType } from '../shape.ts'
import { constantOf } from '../values.ts'
import type { Data } from '../values.ts'

/** A trace that runs, or has run. */
export interface Recorder {
  /** How errors name it, and what they say to do with a tensor of an enclosing trace. */
  readonly subject: { readonly name: string; readonly advice: string }
  readonly b: Builder
  readonly emit: Emit
  /** The constants made of captured tensors, by data id. */
  readonly captured: WeakMap<object, Value>
  readonly made: object[]
  /** Tensors that the trace keeps alive until it ends: what a loop captures may be needed by its gradient. */
  readonly held: Tensor[]
  /** Makes a tensor from outside an input, where this is the body of a loop. */
  readonly capture: ((tensor: Tensor) => Value) | undefined
  open: boolean
}

/** What a tensor of the tracing backend stands for. `op` is what made it. */
interface Tracer {
  readonly recorder: Recorder
  readonly value: Value
  readonly op: string
  references: number
}

/** Kept apart from tfjs' DataStorage, whose `get` moves the data of a foreign tensor into the backend that asks. */
const tracers = new WeakMap<object, Tracer>()

/** The traces that run, the innermost last. */
const running: Recorder[] = []

/** Runs `f` as the innermost trace. */
export const recording = <A>(recorder: Recorder, f: () => A): A => {
  running.push(recorder)
  try {
    return f()
  } finally {
    recorder.open = false
    running.pop()
  }
}

/**
 * The innermost trace that runs.
 *
 * @throws Error outside of one: an op ran on a tracer that escaped
 */
export const currentRecorder = (): Recorder => {
  const recorder = running.at(-1)
  if (recorder === undefined) throw new Error('trace: expected ops on the tracing backend inside a trace alone, got one outside')
  return recorder
}

/** A data id that stands for a value of the innermost trace. */
export const tracerOf = (recorder: Recorder, value: Value, op: string): TensorInfo => {
  const dataId = {}
  tracers.set(dataId, { recorder, value, op, references: 1 })
  recorder.made.push(dataId)
  const { shape, dtype } = recorder.b.typeOf(value)
  return { dataId, shape: [...shape], dtype }
}

export const refCount = (dataId: object): number => tracers.get(dataId)?.references ?? 0

/** Counts a reference more or less. */
export const refer = (dataId: object, by: 1 | -1): number => {
  const tracer = tracers.get(dataId)
  if (tracer === undefined) return 0
  return (tracer.references += by)
}

/**
 * The value of a tensor that an op of the innermost trace was given. A tensor from outside becomes a constant: its numbers are read,
 * and it stays where it is; in the body of a loop it becomes an input, whatever it is.
 *
 * @throws TypeError when it is a variable, a string or a complex tensor
 * @throws RangeError when it was disposed or belongs to another trace
 */
export const valueOf = (recorder: Recorder, tensor: TensorInfo, op: string): Value => {
  refuseVariable(tensor, op)
  const tracer = tracers.get(tensor.dataId)
  if ((tensor as Tensor).isDisposed || tracer?.references === 0)
    throw new RangeError(
      `trace: expected tensors that are alive, got one for ${op} that was disposed${tracer ? `, made by ${tracer.op}` : ''}`,
    )
  if (tracer?.recorder === recorder) return tracer.value
  // tfjs gives kernels the tensors themselves
  if (recorder.capture !== undefined && tracer?.recorder.open !== false) return recorder.capture(tensor as Tensor)
  if (tracer === undefined) return captured(recorder, tensor, op)
  throw new RangeError(
    tracer.recorder.open
      ? `${recorder.subject.name}: expected no tensor of an enclosing trace in ${op}, got one made by ${tracer.op}; ${recorder.subject.advice}`
      : escaped(tracer, op),
  )
}

/** Whether a tensor stands for a value of a trace itself, not of one around it or for numbers. */
export const isTracer = (recorder: Recorder, { dataId }: TensorInfo): boolean => tracers.get(dataId)?.recorder === recorder

/** Whether a tensor of a trace is a constant of zeros alone. */
export const isKnownZero = (recorder: Recorder, { dataId }: TensorInfo): boolean => {
  const tracer = tracers.get(dataId)
  if (tracer?.recorder !== recorder) return false
  const definition = recorder.b.definition(tracer.value)
  return definition.kind === 'constant' && 'fill' in definition.constant && definition.constant.fill === 0
}

const escaped = (tracer: Tracer, use: string): string => {
  const type = showType(tracer.recorder.b.typeOf(tracer.value))
  return `trace: expected tensors with numbers in ${use}, got one that escaped from a trace that is over (${type}, made by ${tracer.op}); return it from the traced function`
}

const refuseVariable = (tensor: TensorInfo, op: string): void => {
  // Variable tells itself from other tensors by `assign`, over copies of tfjs too
  if (typeof (tensor as { readonly assign?: unknown }).assign !== 'function') return
  const { name } = tensor as unknown as { readonly name: string }
  throw new TypeError(
    `trace: expected tensors, got the variable '${name}' in ${op}, whose later values a program would not see; pass it as an argument`,
  )
}

const captured = (recorder: Recorder, { dataId, shape, dtype }: TensorInfo, op: string): Value => {
  const known = recorder.captured.get(dataId)
  if (known !== undefined) return recorder.emit.reshape(known, shape)
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new TypeError(`trace: expected float32, int32 or bool tensors, got a ${dtype} one in ${op}`)
  const constant = constantOf({ shape, dtype }, asData(dtype, engine().readSync(dataId)))
  const value = recorder.b.constant(constant)
  recorder.captured.set(dataId, value)
  return value
}

/** The numbers as arrays of their dtype, whatever a backend gives. */
export const asData = (dtype: DType, values: unknown): Data => {
  if (values instanceof Float32Array && dtype === 'float32') return values
  if (values instanceof Int32Array && dtype === 'int32') return values
  if (values instanceof Uint8Array && dtype === 'bool') return values
  const numbers = values as ArrayLike<number>
  return dtype === 'float32' ? Float32Array.from(numbers) : dtype === 'int32' ? Int32Array.from(numbers) : Uint8Array.from(numbers)
}

/**
 * The tracer of a data id that is read.
 *
 * @throws RangeError when its trace is over
 */
export const readTracer = (dataId: object): { readonly recorder: Recorder; readonly value: Value; readonly op: string } => {
  const tracer = tracers.get(dataId)
  if (tracer === undefined) throw new RangeError('trace: expected a tensor of the tracing backend, got another')
  if (!tracer.recorder.open) throw new RangeError(escaped(tracer, 'a read or an op'))
  return tracer
}
