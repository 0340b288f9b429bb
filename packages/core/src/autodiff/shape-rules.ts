import {
  cast,
  concat,
  equal,
  matMul,
  mul,
  pad,
  range,
  reshape,
  reverse,
  slice,
  split,
  stack,
  sum,
  tensor1d,
  transpose,
  unstack,
} from '@tensorflow/tfjs-core'
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core'
import { handle } from '../tensor.ts'

/** Rules of kernels that move values without changing them. */
type Attributes = Readonly<Record<string, unknown>>

const moving = (kernelName: string, back: (dy: Tensor, x: Tensor, attrs: Attributes) => Tensor, input = 'x'): GradConfig => ({
  kernelName,
  inputsToSave: [input],
  gradFunc: (dy, saved, attrs) => ({ [input]: () => back(dy as Tensor, saved[0]!, attrs as unknown as Attributes) }),
})

const untile = (dy: Tensor, x: Tensor, reps: ReadonlyArray<number>): Tensor => {
  if (x.rank === 0) return reshape(sum(dy), [])
  const blocks = x.shape.flatMap((size, i) => [reps[i]!, size])
  return sum(
    reshape(dy, blocks),
    x.shape.map((_, i) => 2 * i),
  )
}

/** Scatter-add along an axis as a product with one-hot rows: the WASM backend has no segment sum. */
const ungather = (dy: Tensor, x: Tensor, indices: Tensor, axis: number): Tensor => {
  const size = x.shape[axis]!
  const before = x.shape.slice(0, axis)
  const after = x.shape.slice(axis + 1)
  const [outer, inner] = [before.reduce((n, s) => n * s, 1), after.reduce((n, s) => n * s, 1)]
  const rows = transpose(reshape(dy, [outer, indices.size, inner]), [1, 0, 2])
  // not oneHot, which refuses an axis of one
  const hot = cast(equal(reshape(cast(indices, 'int32'), [indices.size, 1]), range(0, size, 1, 'int32')), 'float32')
  const summed = matMul(hot, reshape(rows, [indices.size, outer * inner]), true)
  return reshape(transpose(reshape(summed, [size, outer, inner]), [1, 0, 2]), [...before, size, ...after])
}

export const shapeRules: ReadonlyArray<GradConfig> = [
  moving('Reshape', (dy, x) => reshape(dy, x.shape)),
  moving('ExpandDims', (dy, x) => reshape(dy, x.shape), 'input'),
  moving('Transpose', (dy, _, attrs) => {
    const perm = attrs['perm'] as ReadonlyArray<number>
    const inverse = perm.map((_axis, i) => perm.indexOf(i))
    return transpose(dy, inverse)
  }),
  moving('Reverse', (dy, _, attrs) => reverse(dy, attrs['dims'] as number[])),
  moving('Slice', (dy, x, attrs) => {
    // one number, or fewer than there are axes: the others begin at 0
    const begin = [attrs['begin']].flat() as ReadonlyArray<number>
    const before = (i: number): number => begin[i] ?? 0
    return pad(
      dy,
      x.shape.map((size, i): [number, number] => [before(i), size - before(i) - dy.shape[i]!]),
    )
  }),
  moving('PadV2', (dy, x, attrs) => {
    const paddings = attrs['paddings'] as ReadonlyArray<readonly [number, number]>
    return slice(
      dy,
      paddings.map(([before]) => before),
      x.shape,
    )
  }),
  moving('Tile', (dy, x, attrs) => untile(dy, x, attrs['reps'] as ReadonlyArray<number>)),
  {
    kernelName: 'GatherV2',
    inputsToSave: ['x', 'indices'],
    gradFunc: (dy, saved, attrs) => {
      const { axis, batchDims } = attrs as unknown as { readonly axis: number; readonly batchDims: number }
      if (batchDims > 0) throw new RangeError(`gather: expected batchDims 0 where a gradient is taken, got ${batchDims}`)
      const [x, indices] = [saved[0]!, saved[1]!]
      return {
        x: () => ungather(dy as Tensor, x, indices, axis < 0 ? axis + x.rank : axis),
        indices: () => mul(cast(indices, 'float32'), 0),
      }
    },
  },
  {
    kernelName: 'Concat',
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const rank = (dy as Tensor).rank
      const axis = ((attrs as unknown as { readonly axis: number }).axis + rank) % rank
      const parts = split(
        dy as Tensor,
        saved.map(part => part.shape[axis]!),
        axis,
      )
      return Object.fromEntries(parts.map((part, i) => [i, () => handle(part)]))
    },
  },
  {
    kernelName: 'SplitV',
    gradFunc: (dys, _, attrs) => ({
      x: () => concat(Array.isArray(dys) ? dys : [dys], (attrs as unknown as { readonly axis: number }).axis),
    }),
  },
  {
    kernelName: 'Pack',
    saveAllInputs: true,
    gradFunc: (dy, _, attrs) => {
      const parts = unstack(dy as Tensor, (attrs as unknown as { readonly axis: number }).axis)
      return Object.fromEntries(parts.map((part, i) => [i, () => handle(part)]))
    },
  },
  {
    kernelName: 'Unpack',
    gradFunc: (dys, _, attrs) => ({
      value: () => stack(Array.isArray(dys) ? dys : [dys], (attrs as unknown as { readonly axis: number }).axis),
    }),
  },
  {
    kernelName: 'AddN',
    saveAllInputs: true,
    gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => handle(dy as Tensor)])),
  },
]

/** Constant indices as a tensor; kept here because a gather and its gradient must agree on int32. */
export const indexTensor = (indices: ReadonlyArray<number>): Tensor => tensor1d([...indices], 'int32')
