import type { Shape } from '@diffeo/core'
import { sizeOf, stridesOf } from '@diffeo/program'
import type { Node, Type, Value } from '@diffeo/program'
import { argKernel, argRowsKernel } from '../kernels/arg.ts'
import { cumulativeKernel, cumulativeRowsKernel } from '../kernels/cumulative.ts'
import { gatherKernel, scatterAddKernel } from '../kernels/gather.ts'
import { transposeKernel } from '../kernels/transpose.ts'
import { zipKernel } from '../kernels/zip.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { moved } from './address.ts'
import type { Address } from './address.ts'
import { inOrder } from './call.ts'
import type { Calls } from './call.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'
import { loopCalls } from './loop-calls.ts'

/** An array as a walk over a shape sees it. */
interface View {
  readonly address: Address
  readonly strides: ReadonlyArray<number>
}

/** Nodes that move numbers about, and those that go along one axis. */
export type Move = Extract<
  Node,
  { readonly op: 'slice' | 'reverse' | 'transpose' | 'reshape' | 'pad' | 'concat' | 'gather' | 'scatterAdd' | 'arg' | 'cumulative' }
>

/** The kernel calls of such a node. */
export const moveStep = (context: Context, node: Move, value: Value): Calls => {
  const { types, addressOf } = context
  const from = node.inputs[0]!
  const { shape, dtype } = types[from]!
  const out = node.outputs[0]!
  const source: View = { address: addressOf(from), strides: stridesOf(shape) }
  const target: View = { address: addressOf(value), strides: stridesOf(out.shape) }
  switch (node.op) {
    case 'reshape':
      return copy(context, out.dtype, [sizeOf(out.shape)], { ...source, strides: [1] }, { ...target, strides: [1] })
    case 'slice':
      return copy(context, dtype, out.shape, sliced(source, node.begin, node.stride), target)
    case 'reverse':
      return copy(context, dtype, out.shape, reversed(source, node.axes, shape), target)
    case 'transpose':
      return transposed(context, node, source, target)
    case 'pad': {
      const inside = { ...target, address: moved(target.address, 4 * dot(node.before, target.strides)) }
      return inOrder(fill(context, out, node.value, target), copyValue(context, from, source, inside))
    }
    case 'concat':
      return concatenated(context, node, target)
    case 'gather':
    case 'scatterAdd':
      return indexed(context, node, source.address, target.address)
    case 'arg':
    case 'cumulative':
      return along(context, node, source.address, target.address)
  }
}

/** Copies an array into another one: constants of one number are filled in. */
const copyValue = (context: Context, value: Value, from: View, to: View): Calls => {
  const { shape, dtype } = context.types[value]!
  const constant = constantAt(context.program, value)
  return constant !== undefined && 'fill' in constant
    ? fill(context, { shape, dtype }, constant.fill, to)
    : copy(context, dtype, shape, from, to)
}

const fill = ({ ar, scratch }: Context, { shape, dtype }: Type, value: number, to: View): Calls =>
  loopCalls(
    ar,
    { shape, inputs: [], steps: [{ op: 'constant', type: dtype, value }], outputs: [{ ...to, value: 0 }], folded: new Set() },
    scratch,
  )

/** Numbers of one shape from one place to another. */
export const copy = ({ ar, scratch }: Context, type: Type['dtype'], shape: Shape, from: View, to: View): Calls =>
  loopCalls(ar, { shape, inputs: [{ ...from, type }], steps: [], outputs: [{ ...to, value: 0 }], folded: new Set() }, scratch)

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => a.reduce((total, x, i) => total + x * b[i]!, 0)

const sliced = ({ address, strides }: View, begin: ReadonlyArray<number>, stride: ReadonlyArray<number>): View => ({
  address: moved(address, 4 * dot(begin, strides)),
  strides: strides.map((step, axis) => step * stride[axis]!),
})

const reversed = ({ address, strides }: View, axes: ReadonlyArray<number>, shape: Shape): View => ({
  address: moved(address, 4 * axes.reduce((offset, axis) => offset + (shape[axis]! - 1) * strides[axis]!, 0)),
  strides: strides.map((step, axis) => (axes.includes(axis) ? -step : step)),
})

const transposed = (context: Context, { perm, outputs }: Extract<Move, { readonly op: 'transpose' }>, from: View, to: View): Calls => {
  const { shape, dtype } = outputs[0]!
  const strides = perm.map(axis => from.strides[axis]!)
  const matrices = asMatrices(shape, strides)
  if (matrices === undefined) return copy(context, dtype, shape, { ...from, strides }, to)
  const { batch, rows, columns } = matrices
  return { calls: [{ kernel: transposeKernel, args: [from.address, to.address, batch, rows, columns] }], scratch: 0 }
}

/** A permutation of axes that only exchanges rows and columns of matrices: [batch, columns, rows] of strides (rows columns, 1, columns). */
const asMatrices = (
  shape: Shape,
  strides: ReadonlyArray<number>,
): { readonly batch: number; readonly rows: number; readonly columns: number } | undefined => {
  const axes = shape.flatMap((size, i) => (size === 1 ? [] : [{ size, stride: strides[i]! }]))
  const merged: { size: number; stride: number }[] = []
  for (const axis of axes) {
    const outer = merged.at(-1)
    if (outer !== undefined && outer.stride === axis.stride * axis.size)
      merged[merged.length - 1] = { size: outer.size * axis.size, stride: axis.stride }
    else merged.push({ ...axis })
  }
  const [rows, columns] = [merged.at(-1), merged.at(-2)]
  if (rows === undefined || columns === undefined || columns.stride !== 1 || rows.stride !== columns.size) return undefined
  if (merged.length > 3 || (merged.length === 3 && merged[0]!.stride !== rows.size * columns.size)) return undefined
  return { batch: merged.length === 3 ? merged[0]!.size : 1, rows: rows.size, columns: columns.size }
}

const concatenated = (context: Context, { axis, inputs, outputs }: Extract<Move, { readonly op: 'concat' }>, to: View): Calls => {
  const isSingle = (value: Value): boolean => context.types[value]!.shape[axis] === 1 && constantAt(context.program, value) === undefined
  if (inputs.length === 2 && to.strides[axis] === 1 && inputs.every(isSingle)) {
    const [a, b] = inputs.map(context.addressOf) as [Address, Address] // as many as inputs
    return call(zipKernel, a, b, to.address, sizeOf(outputs[0]!.shape) / 2)
  }
  let offset = 0
  const parts = inputs.map(value => {
    const { shape } = context.types[value]!
    const target = { ...to, address: moved(to.address, 4 * offset * to.strides[axis]!) }
    offset += shape[axis]!
    return copyValue(context, value, { address: context.addressOf(value), strides: stridesOf(shape) }, target)
  })
  return inOrder(...parts)
}

const split = (shape: Shape, axis: number): readonly [outer: number, size: number, inner: number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis]!,
  sizeOf(shape.slice(axis + 1)),
]

const call = (kernel: Kernel, ...args: ReadonlyArray<Address | number>): Calls => ({ calls: [{ kernel, args }], scratch: 0 })

const indexed = (context: Context, node: Extract<Move, { readonly op: 'gather' | 'scatterAdd' }>, from: Address, to: Address): Calls => {
  const [values, indices] = [context.types[node.inputs[0]!]!, context.types[node.inputs[1]!]!]
  const at = context.addressOf(node.inputs[1]!)
  const [outer, size, inner] = split(values.shape, node.axis)
  if (node.op === 'gather') return call(gatherKernel, from, at, to, outer, size, inner, sizeOf(indices.shape))
  if (values.dtype === 'bool') throw new TypeError('compile: expected numbers in scatterAdd, got bool')
  return call(scatterAddKernel(values.dtype), from, at, to, outer, node.size, inner, size)
}

const along = ({ types }: Context, node: Extract<Move, { readonly op: 'arg' | 'cumulative' }>, from: Address, to: Address): Calls => {
  const { shape, dtype } = types[node.inputs[0]!]!
  const [outer, size, inner] = split(shape, node.axis)
  // a bool lies in memory as the number 0 or 1
  const type = dtype === 'bool' ? 'int32' : dtype
  if (node.op === 'arg')
    return inner === 1
      ? call(argRowsKernel(node.kind, type), from, to, outer, size)
      : call(argKernel(node.kind, type), from, to, outer, size, inner)
  const structure = { kind: node.kind, type, exclusive: node.exclusive, reverse: node.reverse }
  return inner === 1
    ? call(cumulativeRowsKernel(structure), from, to, outer, size)
    : call(cumulativeKernel(structure), from, to, outer, size, inner)
}
