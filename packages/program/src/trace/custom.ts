import { isHostOp } from '@diffeo/core'
import type { CompositeOp, Json, Op } from '@diffeo/core'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Program, Type } from '../program.ts'
import { showType } from '../shape.ts'
import { record } from './record.ts'
import { currentRecorder, tracerOf, valueOf } from './tracers.ts'

/** Records a custom op as one node, which carries the program of its composite; a host op has none. */
export const recordCustom = (op: Op, inputs: ReadonlyArray<TensorInfo>, attrs: Json): ReadonlyArray<TensorInfo> => {
  const recorder = currentRecorder()
  const values = inputs.map(x => valueOf(recorder, x, op.name))
  const types = values.map(value => recorder.b.typeOf(value))
  const text = JSON.stringify(attrs)
  const composite = isHostOp(op) ? null : compositeOf(op, types, attrs, text)
  const primitive = { op: 'custom', name: op.name, attrs: text, composite } as const
  return recorder.b
    .nodes(primitive, values, isHostOp(op) ? op.shape(types, attrs) : undefined)
    .map(value => tracerOf(recorder, value, op.name))
}

const kept = new WeakMap<Op, Map<string, Program>>()

/** An op that is used with more types and attributes than this is traced anew for some. */
const most = 64

/** The composite, traced once for its types and attributes: it captures nothing, so that it is the same each time. */
const compositeOf = (op: CompositeOp, types: ReadonlyArray<Type>, attrs: Json, text: string): Program => {
  const known = kept.get(op) ?? new Map<string, Program>()
  kept.set(op, known)
  const key = `${types.map(showType).join(' ')} ${text}`
  const program = known.get(key) ?? traced(op, types, attrs)
  known.delete(key)
  known.set(key, program)
  if (known.size > most) known.delete(known.keys().next().value!)
  return program
}

const traced = (op: CompositeOp, types: ReadonlyArray<Type>, attrs: Json): Program =>
  record({ name: op.name, advice: 'give it to the op as an input' }, input => {
    const outputs = op.composite(
      types.map((type, i) => input(type, `input${i}`)),
      attrs,
    )
    if (outputs.length === 0) throw new RangeError(`${op.name}: expected one output or more of its composite, got none`)
    return [...outputs]
  })
