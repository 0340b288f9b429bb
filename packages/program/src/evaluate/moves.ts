import type { Primitive, Type } from '../program.ts'
import { sizeOf, stridesOf } from '../shape.ts'
import type { Numbers } from './numbers.ts'
import { walk } from './strided.ts'

type Of<Op extends Primitive['op']> = Extract<Primitive, { readonly op: Op }>
/** Primitives that move values without changing them. */
export type Move =
  Of<'broadcast'> | Of<'transpose'> | Of<'slice'> | Of<'reverse'> | Of<'pad'> | Of<'concat'> | Of<'gather'> | Of<'scatterAdd'>

/** Writes into `out`, which holds zeros, what a moving primitive gives. */
export const move = (p: Move, inputs: ReadonlyArray<Numbers>, types: ReadonlyArray<Type>, out: Numbers, type: Type): void => {
  const x = inputs[0]!
  const shape = types[0]!.shape
  const strides = stridesOf(shape)
  const read = (steps: ReadonlyArray<number>, offset = 0): void => walk(type.shape, steps, offset, (i, place) => void (out[i] = x[place]!))
  const outer = (axis: number): number => sizeOf(shape.slice(0, axis))
  const inner = (axis: number): number => sizeOf(shape.slice(axis + 1))
  switch (p.op) {
    case 'broadcast': {
      const steps = new Array<number>(type.shape.length).fill(0)
      p.axes.forEach((axis, i) => (steps[axis] = shape[i] === 1 ? 0 : strides[i]!))
      return read(steps)
    }
    case 'transpose':
      return read(p.perm.map(axis => strides[axis]!))
    case 'slice':
      return read(
        strides.map((stride, i) => stride * p.stride[i]!),
        strides.reduce((offset, stride, i) => offset + stride * p.begin[i]!, 0),
      )
    case 'reverse':
      return read(
        strides.map((stride, i) => (p.axes.includes(i) ? -stride : stride)),
        p.axes.reduce((offset, axis) => offset + strides[axis]! * (shape[axis]! - 1), 0),
      )
    case 'pad': {
      out.fill(p.value)
      const steps = stridesOf(type.shape)
      const offset = steps.reduce((sum, step, i) => sum + step * p.before[i]!, 0)
      return walk(shape, steps, offset, (i, place) => void (out[place] = x[i]!))
    }
    case 'concat': {
      const steps = stridesOf(type.shape)
      let offset = 0
      inputs.forEach((part, n) => {
        walk(types[n]!.shape, steps, offset, (i, place) => void (out[place] = part[i]!))
        offset += steps[p.axis]! * types[n]!.shape[p.axis]!
      })
      return
    }
    case 'gather': {
      const [indices, size, run] = [inputs[1]!, shape[p.axis]!, inner(p.axis)]
      for (let o = 0; o < outer(p.axis); o++)
        for (let j = 0; j < indices.length; j++)
          for (let i = 0; i < run; i++) out[(o * indices.length + j) * run + i] = x[(o * size + indices[j]!) * run + i] ?? 0
      return
    }
    case 'scatterAdd': {
      const [indices, size, run] = [inputs[1]!, shape[p.axis]!, inner(p.axis)]
      for (let o = 0; o < outer(p.axis); o++)
        for (let j = 0; j < size; j++)
          if (indices[j]! >= 0 && indices[j]! < p.size)
            for (let i = 0; i < run; i++) out[(o * p.size + indices[j]!) * run + i]! += x[(o * size + j) * run + i]!
    }
  }
}
