import type { Shape } from '@diffeo/core'
import type { Builder } from './builder.ts'
import type { Binary, DType, Primitive, Unary, Value } from './program.ts'
import { sameShape, sizeOf, upTo } from './shape.ts'

/** Primitives with the conveniences that a lowering wants; what would change nothing adds no node. */
export interface Emit {
  shape(x: Value): Shape
  dtype(x: Value): DType
  /** One repeated number that broadcasts to a shape. */
  fill(shape: Shape, dtype: DType, value: number): Value
  like(x: Value, value: number): Value
  constant(shape: Shape, dtype: DType, values: ReadonlyArray<number>): Value
  unary(op: Unary, x: Value): Value
  /** Arguments of one dtype, whose shapes broadcast as numpy's do. */
  binary(op: Binary, a: Value, b: Value): Value
  /** Three arguments that broadcast against each other. */
  select(condition: Value, ifTrue: Value, ifFalse: Value): Value
  cast(x: Value, dtype: DType): Value
  reshape(x: Value, shape: Shape): Value
  /** As numpy's broadcast_to: axes are counted from the last. */
  broadcastTo(x: Value, shape: Shape): Value
  transpose(x: Value, perm: ReadonlyArray<number>): Value
  slice(x: Value, begin: ReadonlyArray<number>, size: ReadonlyArray<number>, stride?: ReadonlyArray<number>): Value
  reverse(x: Value, axes: ReadonlyArray<number>): Value
  concat(parts: ReadonlyArray<Value>, axis: number): Value
  reduce(kind: Extract<Primitive, { readonly op: 'reduce' }>['kind'], x: Value, axes: ReadonlyArray<number>, keep?: boolean): Value
  iota(shape: Shape, axis: number): Value
  node(primitive: Primitive, ...inputs: ReadonlyArray<Value>): Value
}

/** The conveniences over a builder. */
export const emit = (b: Builder): Emit => {
  const shape = (x: Value): Shape => b.typeOf(x).shape
  const dtype = (x: Value): DType => b.typeOf(x).dtype
  const reshape = (x: Value, to: Shape): Value => (sameShape(shape(x), to) ? x : b.node({ op: 'reshape', shape: [...to] }, x))
  const broadcastTo = (x: Value, to: Shape): Value => {
    if (sameShape(shape(x), to)) return x
    const definition = b.definition(x)
    if (definition.kind === 'constant' && 'fill' in definition.constant) return b.fill(to, dtype(x), definition.constant.fill)
    return b.node({ op: 'broadcast', shape: [...to], axes: shape(x).map((_, i) => to.length - shape(x).length + i) }, x)
  }
  const binary = (op: Binary, x: Value, y: Value): Value => {
    const to = broadcastShape(shape(x), shape(y))
    return b.node({ op }, broadcastTo(x, to), broadcastTo(y, to))
  }
  return {
    shape,
    dtype,
    fill: b.fill,
    like: (x, value) => b.fill(shape(x), dtype(x), value),
    constant: (of, type, values) => {
      const data = type === 'float32' ? Float32Array.from(values) : type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values)
      return b.constant({ shape: [...of], dtype: type, data })
    },
    unary: (op, x) => b.node({ op }, x),
    binary,
    select: (condition, ifTrue, ifFalse) => {
      const to = [condition, ifTrue, ifFalse].map(shape).reduce(broadcastShape)
      return b.node({ op: 'select' }, broadcastTo(condition, to), broadcastTo(ifTrue, to), broadcastTo(ifFalse, to))
    },
    cast: (x, to) => (dtype(x) === to ? x : b.node({ op: 'cast', dtype: to }, x)),
    reshape,
    broadcastTo,
    transpose: (x, perm) => (perm.every((axis, i) => axis === i) ? x : b.node({ op: 'transpose', perm: [...perm] }, x)),
    slice: (x, begin, size, stride = size.map(() => 1)) =>
      sameShape(size, shape(x)) ? x : b.node({ op: 'slice', begin: [...begin], size: [...size], stride: [...stride] }, x),
    reverse: (x, axes) => {
      const moved = axes.filter(axis => shape(x)[axis]! > 1)
      return moved.length === 0 ? x : b.node({ op: 'reverse', axes: [...moved].sort((p, q) => p - q) }, x)
    },
    concat: (parts, axis) => {
      const full = parts.filter(part => sizeOf(shape(part)) > 0)
      if (full.length === 0) {
        const along = parts.reduce((n, part) => n + shape(part)[axis]!, 0)
        return b.fill(
          shape(parts[0]!).map((size, i) => (i === axis ? along : size)),
          dtype(parts[0]!),
          0,
        )
      }
      return full.length === 1 ? full[0]! : b.node({ op: 'concat', axis }, ...full)
    },
    reduce: (kind, x, axes, keep = false) => {
      const sorted = [...axes].sort((p, q) => p - q)
      const reduced = sorted.length === 0 ? x : b.node({ op: 'reduce', kind, axes: sorted }, x)
      return keep
        ? reshape(
            reduced,
            shape(x).map((size, i) => (sorted.includes(i) ? 1 : size)),
          )
        : reduced
    },
    iota: (of, axis) => b.node({ op: 'iota', shape: [...of], axis }),
    node: (primitive, ...inputs) => b.node(primitive, ...inputs),
  }
}

/**
 * The shape that two shapes broadcast to.
 *
 * @throws RangeError when sizes differ and neither is 1
 */
export const broadcastShape = (a: Shape, b: Shape): Shape => {
  const rank = Math.max(a.length, b.length)
  return upTo(rank).map(i => {
    const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1]
    if (p !== q && p !== 1 && q !== 1)
      throw new RangeError(`broadcast: expected shapes that broadcast, got [${a.join(',')}] and [${b.join(',')}]`)
    return p === 1 ? q : p
  })
}
