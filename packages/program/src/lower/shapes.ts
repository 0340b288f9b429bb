import { backend_util, slice_util } from '@tensorflow/tfjs-core'
import type { Emit } from '../emit.ts'
import type { Value } from '../program.ts'
import { upTo } from '../shape.ts'
import { axesOf, axisOf } from './lowering.ts'
import type { Lowering, Lowerings } from './lowering.ts'

const numbers = (list: unknown): ReadonlyArray<number> => list as ReadonlyArray<number>

const replaced = (list: ReadonlyArray<number>, axis: number, value: number): ReadonlyArray<number> =>
  list.map((v, i) => (i === axis ? value : v))

/** Consecutive parts of the given sizes along an axis. */
const parts = (emit: Emit, x: Value, axis: number, sizes: ReadonlyArray<number>): ReadonlyArray<Value> => {
  const shape = emit.shape(x)
  const zeros = shape.map(() => 0)
  let begin = 0
  return sizes.map(size => {
    const part = emit.slice(x, replaced(zeros, axis, begin), replaced(shape, axis, size))
    begin += size
    return part
  })
}

const slice: Lowering = ({ emit, attrs, inputs: [x] }) => {
  const shape = emit.shape(x!)
  const begin = shape.map((_, i) => numbers(attrs['begin'])[i] ?? 0)
  const sizes = shape.map((_, i) => numbers(attrs['size'])[i] ?? -1)
  return emit.slice(
    x!,
    begin,
    sizes.map((size, i) => (size < 0 ? shape[i]! - begin[i]! : size)),
  )
}

/** tfjs reads Python's slices; a negative stride is the reverse of a positive one. */
const stridedSlice: Lowering = ({ emit, attrs, inputs: [x] }) => {
  const masks = ['beginMask', 'endMask', 'ellipsisMask', 'newAxisMask', 'shrinkAxisMask'].map(name => attrs[name] as number)
  const [begins, ends, strides] = ['begin', 'end', 'strides'].map(name => [...numbers(attrs[name])])
  const [m0, m1, m2, m3, m4] = masks
  const info = slice_util.sliceInfo([...emit.shape(x!)], begins!, ends!, strides!, m0!, m1!, m2!, m3!, m4!)
  const size = info.begin.map((begin, i) => Math.max(0, Math.ceil((info.end[i]! - begin) / info.strides[i]!)))
  const first = info.begin.map((begin, i) => (info.strides[i]! < 0 ? begin + (size[i]! - 1) * info.strides[i]! : begin))
  const sliced = emit.slice(
    x!,
    first.map((begin, i) => (size[i] === 0 ? 0 : begin)),
    size,
    info.strides.map(Math.abs),
  )
  const backwards = info.strides.flatMap((stride, i) => (stride < 0 ? [i] : []))
  return emit.reshape(emit.reverse(sliced, backwards), info.finalShape)
}

const tile: Lowering = ({ emit, attrs, inputs: [x] }) => {
  const shape = emit.shape(x!)
  const reps = numbers(attrs['reps'])
  const whole = shape.map((size, i) => size * reps[i]!)
  if (shape.every((size, i) => size === 1 || reps[i] === 1)) return emit.broadcastTo(x!, whole)
  const blocks = shape.flatMap((size, i) => [reps[i]!, size])
  return emit.reshape(emit.node({ op: 'broadcast', shape: blocks, axes: shape.map((_, i) => 2 * i + 1) }, x!), whole)
}

/** What lies beyond the ends is a gather of what lies within. */
const mirrorPad: Lowering = ({ emit, attrs, inputs: [x] }) => {
  const shift = attrs['mode'] === 'reflect' ? 0 : 1
  const paddings = attrs['paddings'] as ReadonlyArray<readonly [number, number]>
  return paddings.reduce((padded, [before, after], axis) => {
    const size = emit.shape(padded)[axis]!
    const left = upTo(before).map(i => before - i - shift)
    const right = upTo(after).map(i => size - 2 + shift - i)
    const indices = [...left, ...upTo(size), ...right]
    return before + after === 0 ? padded : emit.node({ op: 'gather', axis }, padded, emit.constant([indices.length], 'int32', indices))
  }, x!)
}

const depthToSpace: Lowering = ({ emit, attrs, inputs: [x] }) => {
  if (attrs['dataFormat'] !== 'NHWC') throw new RangeError(`trace: expected depthToSpace of NHWC, got ${String(attrs['dataFormat'])}`)
  const block = attrs['blockSize'] as number
  const [n, h, w, depth] = emit.shape(x!) as readonly [number, number, number, number]
  const inner = depth / (block * block)
  const blocks = emit.transpose(emit.reshape(x!, [n, h, w, block, block, inner]), [0, 1, 3, 2, 4, 5])
  return emit.reshape(blocks, [n, h * block, w * block, inner])
}

const transposing: Lowering = ({ emit, attrs, inputs: [x] }) => {
  const rank = emit.shape(x!).length
  return emit.transpose(
    x!,
    numbers(attrs['perm']).map(axis => axisOf(axis, rank)),
  )
}

export const shapes: Lowerings = {
  Reshape: ({ emit, attrs, inputs: [x] }) => {
    const shape = numbers(attrs['shape'])
    const rest = shape.reduce((n, size) => (size < 0 ? n : n * size), 1)
    const total = emit.shape(x!).reduce((n, size) => n * size, 1)
    return emit.reshape(
      x!,
      shape.map(size => (size < 0 ? total / rest : size)),
    )
  },
  ExpandDims: ({ emit, attrs, input }) => {
    const x = input('input')
    const shape = emit.shape(x)
    const at = axisOf(attrs['dim'], shape.length + 1)
    return emit.reshape(x, [...shape.slice(0, at), 1, ...shape.slice(at)])
  },
  Transpose: transposing,
  Reverse: ({ emit, attrs, inputs: [x] }) => emit.reverse(x!, axesOf(attrs['dims'], emit.shape(x!).length)),
  FlipLeftRight: ({ emit, inputs: [x] }) => emit.reverse(x!, [2]),
  Slice: slice,
  StridedSlice: stridedSlice,
  PadV2: ({ emit, attrs, inputs: [x] }) => {
    const paddings = attrs['paddings'] as ReadonlyArray<readonly [number, number]>
    if (paddings.every(([before, after]) => before + after === 0)) return x!
    const [before, after] = [paddings.map(([first]) => first), paddings.map(([, last]) => last)]
    return emit.node({ op: 'pad', before, after, value: attrs['constantValue'] as number }, x!)
  },
  MirrorPad: mirrorPad,
  Tile: tile,
  Concat: ({ emit, attrs, inputs }) => emit.concat(inputs, axisOf(attrs['axis'], emit.shape(inputs[0]!).length)),
  SplitV: ({ emit, attrs, inputs: [x] }) => {
    const shape = [...emit.shape(x!)]
    const axis = axisOf(attrs['axis'], shape.length)
    const sizes = backend_util.prepareSplitSize({ shape } as never, attrs['numOrSizeSplits'] as number[] | number, axis)
    return parts(emit, x!, axis, sizes)
  },
  Pack: ({ emit, attrs, inputs }) => {
    const shape = emit.shape(inputs[0]!)
    const axis = axisOf(attrs['axis'], shape.length + 1)
    const taller = [...shape.slice(0, axis), 1, ...shape.slice(axis)]
    return emit.concat(
      inputs.map(x => emit.reshape(x, taller)),
      axis,
    )
  },
  Unpack: ({ emit, attrs, inputs: [x] }) => {
    const shape = emit.shape(x!)
    const axis = axisOf(attrs['axis'], shape.length)
    const ones = new Array<number>(shape[axis]!).fill(1)
    return parts(emit, x!, axis, ones).map(part =>
      emit.reshape(
        part,
        shape.filter((_, i) => i !== axis),
      ),
    )
  },
  DepthToSpace: depthToSpace,
}
