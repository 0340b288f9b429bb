import type { Emit } from '../emit.ts'
import type { Value } from '../program.ts'
import { sizeOf, stridesOf, upTo } from '../shape.ts'
import { axisOf } from './lowering.ts'
import type { Lowering, Lowerings } from './lowering.ts'

/** Indices [..., k] into the first k axes of a shape as places in those axes laid flat: [...]. */
const flatIndices = (emit: Emit, indices: Value, outer: ReadonlyArray<number>): Value => {
  const lead = emit.shape(indices).slice(0, -1)
  const strides = emit.constant([outer.length], 'int32', stridesOf(outer))
  return emit.reduce('sum', emit.binary('mul', indices, emit.broadcastTo(strides, emit.shape(indices))), [lead.length])
}

const gatherNd: Lowering = ({ emit, input }) => {
  const [x, indices] = [input('params'), emit.cast(input('indices'), 'int32')]
  const shape = emit.shape(x)
  const depth = emit.shape(indices).at(-1)!
  const [outer, inner] = [shape.slice(0, depth), shape.slice(depth)]
  return emit.node({ op: 'gather', axis: 0 }, emit.reshape(x, [sizeOf(outer), ...inner]), flatIndices(emit, indices, outer))
}

const scatterNd: Lowering = ({ emit, attrs, input }) => {
  const shape = attrs['shape'] as ReadonlyArray<number>
  const indices = emit.cast(input('indices'), 'int32')
  const depth = emit.shape(indices).at(-1)!
  const [outer, inner] = [shape.slice(0, depth), shape.slice(depth)]
  const places = flatIndices(emit, indices, outer)
  const count = sizeOf(emit.shape(places))
  const values = emit.reshape(input('updates'), [count, ...inner])
  const summed = emit.node({ op: 'scatterAdd', axis: 0, size: sizeOf(outer) }, values, emit.reshape(places, [count]))
  return emit.reshape(summed, shape)
}

/** Batch axes become one with the gathered axis: the indices of batch i are shifted by i times its size. */
const gather: Lowering = ({ emit, attrs, input }) => {
  const [x, indices] = [input('x'), emit.cast(input('indices'), 'int32')]
  const shape = emit.shape(x)
  const axis = axisOf(attrs['axis'] ?? 0, shape.length)
  const batchDims = (attrs['batchDims'] as number | undefined) ?? 0
  if (batchDims === 0) return emit.node({ op: 'gather', axis }, x, indices)
  if (batchDims !== axis) throw new RangeError(`trace: expected gather's batchDims 0 or its axis ${axis}, got ${batchDims}`)
  const batch = shape.slice(0, axis)
  const of = emit.shape(indices)
  const shifts = upTo(sizeOf(batch)).map(i => i * shape[axis]!)
  const shifted = emit.binary(
    'add',
    emit.reshape(indices, [shifts.length, sizeOf(of.slice(axis))]),
    emit.constant([shifts.length, 1], 'int32', shifts),
  )
  const flat = emit.reshape(x, [shifts.length * shape[axis]!, ...shape.slice(axis + 1)])
  return emit.reshape(emit.node({ op: 'gather', axis: 0 }, flat, shifted), [...of, ...shape.slice(axis + 1)])
}

const oneHot: Lowering = ({ emit, attrs, input }) => {
  const indices = emit.cast(input('indices'), 'int32')
  const shape = [...emit.shape(indices), attrs['depth'] as number]
  const dtype = (attrs['dtype'] as 'float32' | 'int32' | 'bool' | undefined) ?? 'int32'
  const hit = emit.binary('eq', emit.iota(shape, shape.length - 1), emit.reshape(indices, [...emit.shape(indices), 1]))
  const [on, off] = [(attrs['onValue'] as number | undefined) ?? 1, (attrs['offValue'] as number | undefined) ?? 0]
  return on === 1 && off === 0 ? emit.cast(hit, dtype) : emit.select(hit, emit.fill(shape, dtype, on), emit.fill(shape, dtype, off))
}

const segmentSum: Lowering = ({ emit, attrs, input }) => {
  const [x, ids] = [input('x'), emit.cast(input('segmentIds'), 'int32')]
  const lead = emit.shape(ids).length
  const shape = emit.shape(x)
  const count = sizeOf(emit.shape(ids))
  const values = emit.reshape(x, [count, ...shape.slice(lead)])
  return emit.node({ op: 'scatterAdd', axis: 0, size: attrs['numSegments'] as number }, values, emit.reshape(ids, [count]))
}

export const indexing: Lowerings = {
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: scatterNd,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
}
