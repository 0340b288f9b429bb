import type { Emit } from '../emit.ts'
import type { Primitive, Value } from '../program.ts'
import { sizeOf } from '../shape.ts'
import { axesOf, axisOf } from './lowering.ts'
import type { Call, Lowering, Lowerings } from './lowering.ts'

type Kind = Extract<Primitive, { readonly op: 'reduce' }>['kind']

const reduced = ({ emit, attrs }: Call, kind: Kind, x: Value, axis: unknown): Value =>
  emit.reduce(kind, x, axesOf(axis, emit.shape(x).length), attrs['keepDims'] === true)

const counted = (emit: Emit, x: Value): Value => (emit.dtype(x) === 'bool' ? emit.cast(x, 'int32') : x)

const ofNumbers =
  (kind: Kind): Lowering =>
  call =>
    reduced(call, kind, counted(call.emit, call.inputs[0]!), call.attrs['axis'] ?? call.attrs['reductionIndices'])

const ofBools =
  (kind: Kind): Lowering =>
  call =>
    reduced(call, kind, call.emit.cast(call.inputs[0]!, 'bool'), call.attrs['axis'])

const arg =
  (kind: 'max' | 'min'): Lowering =>
  ({ emit, attrs, inputs: [x] }) =>
    emit.node({ op: 'arg', kind, axis: axisOf(attrs['axis'] ?? 0, emit.shape(x!).length) }, counted(emit, x!))

const cumulative =
  (kind: 'sum' | 'prod'): Lowering =>
  ({ emit, attrs, inputs: [x] }) => {
    const axis = axisOf(attrs['axis'] ?? 0, emit.shape(x!).length)
    return emit.node(
      { op: 'cumulative', kind, axis, exclusive: attrs['exclusive'] === true, reverse: attrs['reverse'] === true },
      counted(emit, x!),
    )
  }

export const reductions: Lowerings = {
  Sum: ofNumbers('sum'),
  Prod: ofNumbers('prod'),
  Max: ofNumbers('max'),
  Min: ofNumbers('min'),
  Any: ofBools('any'),
  All: ofBools('all'),
  Mean: call => {
    const { emit, attrs } = call
    const x = emit.cast(call.inputs[0]!, 'float32')
    const shape = emit.shape(x)
    const count = sizeOf(axesOf(attrs['axis'], shape.length).map(axis => shape[axis]!))
    const sum = reduced(call, 'sum', x, attrs['axis'])
    return emit.binary('div', sum, emit.like(sum, count))
  },
  ArgMax: arg('max'),
  ArgMin: arg('min'),
  Cumsum: cumulative('sum'),
  Cumprod: cumulative('prod'),
  // how many of the sorted numbers stand before the value
  SearchSorted: ({ emit, attrs, input }) => {
    const [sorted, values] = [input('sortedSequence'), input('values')]
    const [rows, length] = [emit.shape(sorted)[0]!, emit.shape(sorted)[1]!]
    const before = emit.binary(
      attrs['side'] === 'right' ? 'le' : 'lt',
      emit.reshape(sorted, [rows, 1, length]),
      emit.reshape(values, [rows, emit.shape(values)[1]!, 1]),
    )
    return emit.reduce('sum', emit.cast(before, 'int32'), [2])
  },
}
