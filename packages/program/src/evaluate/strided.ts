import type { Shape } from '@diffeo/core'
import { sizeOf } from '../shape.ts'

/**
 * Calls `visit` with a running place for every index of a shape, in row-major order: `offset` plus the index times `strides`.
 */
export const walk = (shape: Shape, strides: ReadonlyArray<number>, offset: number, visit: (i: number, place: number) => void): void => {
  const total = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  let place = offset
  for (let i = 0; i < total; i++) {
    visit(i, place)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      place -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}
