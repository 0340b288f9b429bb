import type { Shape } from '@diffeo/core'
import { sameShape, sizeOf, upTo } from '../../shape.ts'
import type { RuleOf, Rules } from './rules.ts'

const wide = (shape: Shape): ReadonlyArray<number> => upTo(shape.length).filter(axis => shape[axis] !== 1)
const squeezed = (shape: Shape): Shape => shape.filter(size => size !== 1)

const reshapeReshape: RuleOf<'reshape'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'reshape')
  return inner && emit.reshape(inner.inputs[0]!, node.shape)
}

/** Axes of one value come and go without moving anything: a broadcast can give them at once. */
const reshapeBroadcast: RuleOf<'reshape'> = (node, [x], { b, emit, made }) => {
  const inner = made(x!, 'broadcast')
  if (inner === undefined || !sameShape(squeezed(node.shape), squeezed(inner.shape))) return undefined
  const source = emit.shape(inner.inputs[0]!)
  if (source.includes(1)) return undefined
  const [from, to] = [wide(inner.shape), wide(node.shape)]
  return b.node({ op: 'broadcast', shape: node.shape, axes: inner.axes.map(axis => to[from.indexOf(axis)]!) }, inner.inputs[0]!)
}

const transposeTranspose: RuleOf<'transpose'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'transpose')
  return (
    inner &&
    emit.transpose(
      inner.inputs[0]!,
      node.perm.map(axis => inner.perm[axis]!),
    )
  )
}

/** A transpose that keeps the order of the axes of more than one value moves nothing. */
const transposeOfOnes: RuleOf<'transpose'> = (node, [x], { emit }) => {
  const moved = node.perm.filter(axis => emit.shape(x!)[axis] !== 1)
  const rises = moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)
  return rises ? emit.reshape(x!, node.outputs[0]!.shape) : undefined
}

const transposeBroadcast: RuleOf<'transpose'> = (node, [x], { b, emit, made }) => {
  const inner = made(x!, 'broadcast')
  if (inner === undefined) return undefined
  const places = inner.axes.map(axis => node.perm.indexOf(axis))
  const order = upTo(places.length).toSorted((i, j) => places[i]! - places[j]!)
  const turned = emit.transpose(inner.inputs[0]!, order)
  return b.node({ op: 'broadcast', shape: node.outputs[0]!.shape, axes: order.map(i => places[i]!) }, turned)
}

const broadcastBroadcast: RuleOf<'broadcast'> = (node, [x], { b, made }) => {
  const inner = made(x!, 'broadcast')
  if (inner === undefined) return undefined
  // an axis of one that the outer broadcast stretches is one value of the inner's too
  return b.node({ op: 'broadcast', shape: node.shape, axes: inner.axes.map(axis => node.axes[axis]!) }, inner.inputs[0]!)
}

/** Broadcasts name their axes, so that axes of one value need not be there. */
const broadcastOfOnes: RuleOf<'broadcast'> = (node, [x], { b, emit }) => {
  const shape = emit.shape(x!)
  if (!shape.includes(1)) return undefined
  const axes = wide(shape).map(axis => node.axes[axis]!)
  return b.node({ op: 'broadcast', shape: node.shape, axes }, emit.reshape(x!, squeezed(shape)))
}

/** A broadcast that repeats nothing only adds axes of one value. */
const broadcastOnce: RuleOf<'broadcast'> = (node, [x], { emit }) =>
  sizeOf(emit.shape(x!)) === sizeOf(node.shape) ? emit.reshape(x!, node.shape) : undefined

const sliceSlice: RuleOf<'slice'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'slice')
  return (
    inner &&
    emit.slice(
      inner.inputs[0]!,
      node.begin.map((begin, i) => inner.begin[i]! + begin * inner.stride[i]!),
      node.size,
      node.stride.map((stride, i) => stride * inner.stride[i]!),
    )
  )
}

/** A slice that lies within one part of a concat is a slice of that part. */
const sliceConcat: RuleOf<'slice'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'concat')
  if (inner === undefined) return undefined
  const { axis } = inner
  const [begin, size, stride] = [node.begin[axis]!, node.size[axis]!, node.stride[axis]!]
  let offset = 0
  for (const part of inner.inputs) {
    const length = emit.shape(part)[axis]!
    if (size > 0 && begin >= offset && begin + (size - 1) * stride < offset + length) {
      const from = offset
      return emit.slice(
        part,
        node.begin.map((first, i) => (i === axis ? first - from : first)),
        node.size,
        node.stride,
      )
    }
    offset += length
  }
  return undefined
}

const sliceBroadcast: RuleOf<'slice'> = (node, [x], { b, emit, made }) => {
  const inner = made(x!, 'broadcast')
  if (inner === undefined) return undefined
  const source = inner.inputs[0]!
  const shape = emit.shape(source)
  const at = (list: ReadonlyArray<number>, one: number): ReadonlyArray<number> =>
    inner.axes.map((axis, i) => (shape[i] === 1 ? one : list[axis]!))
  const sliced = emit.slice(source, at(node.begin, 0), at(node.size, 1), at(node.stride, 1))
  return node.size.includes(0) ? undefined : b.node({ op: 'broadcast', shape: node.size, axes: inner.axes }, sliced)
}

export const layout: Rules = {
  reshape: [reshapeReshape, reshapeBroadcast],
  transpose: [transposeTranspose, transposeOfOnes, transposeBroadcast],
  broadcast: [broadcastOnce, broadcastBroadcast, broadcastOfOnes],
  slice: [sliceSlice, sliceConcat, sliceBroadcast],
  reverse: [
    (node, [x], { emit, made }) => {
      const inner = made(x!, 'reverse')
      const once = [...node.axes, ...(inner?.axes ?? [])].filter((axis, _, all) => all.filter(a => a === axis).length === 1)
      return inner && emit.reverse(inner.inputs[0]!, once)
    },
  ],
}
