import type { Space } from '@diffeo/core'
import { Matrix } from 'ml-matrix'
import { sizeOf } from './draws.ts'

/**
 * The coordinates in which the measure of a space is taken, at one of its points: `tangents` [ambient, free] are the directions in which the free
 * coordinates move the point, `coordinates` [free, ambient] what moves them, so that coordinates tangents = 1.
 */
export interface Chart {
  readonly tangents: Matrix
  readonly coordinates: Matrix
}

const matrix = (rows: number, columns: number, value: (i: number, j: number) => number): Matrix =>
  new Matrix(Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(i, j))))

/** Entries of a lower triangle, [row, column]. */
const triangle = (size: number, diagonal: boolean): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: size }, (_, i) => Array.from({ length: i + (diagonal ? 1 : 0) }, (_, j) => [i, j] as const)).flat()

/** Orthonormal directions across a unit vector: the other columns of the reflection that takes the first axis there. */
const across = (point: ArrayLike<number>): Matrix => {
  const n = point.length
  const length = Math.hypot(...Array.from(point))
  const u = Array.from(point, v => v / length)
  const w = u.map((v, i) => v + (i === 0 ? (u[0]! < 0 ? -1 : 1) : 0))
  const norm = w.reduce((s, v) => s + v * v, 0)
  return matrix(n, n - 1, (i, j) => (i === j + 1 ? 1 : 0) - (2 * w[i]! * w[j + 1]!) / norm)
}

/** The chart of a space at a point; the coordinates themselves where the space is as wide as they are. */
export const chartAt = ({ shape, support }: Space, point: ArrayLike<number>): Chart => {
  const ambient = sizeOf(shape)
  const d = shape.at(-1)!
  switch (support._tag) {
    case 'simplex':
      return {
        tangents: matrix(ambient, ambient - 1, (i, j) => (i === ambient - 1 ? -1 : i === j ? 1 : 0)),
        coordinates: matrix(ambient - 1, ambient, (i, j) => (i === j ? 1 : 0)),
      }
    case 'sphere': {
      const tangents = across(point)
      return { tangents, coordinates: tangents.transpose() }
    }
    case 'positiveDefinite': {
      const free = triangle(d, true)
      const isAt = (i: number, [row, column]: readonly [number, number]): boolean => i === row * d + column || i === column * d + row
      return {
        tangents: matrix(ambient, free.length, (i, j) => (isAt(i, free[j]!) ? 1 : 0)),
        coordinates: matrix(free.length, ambient, (j, i) => (i === free[j]![0] * d + free[j]![1] ? 1 : 0)),
      }
    }
    case 'correlationCholesky': {
      const free = triangle(d, false)
      // the diagonal gives way: L_ii dL_ii = -L_ij dL_ij
      const moves = (i: number, [row, column]: readonly [number, number]): number => {
        if (i === row * d + column) return 1
        return i === row * d + row ? -point[row * d + column]! / point[i]! : 0
      }
      return {
        tangents: matrix(ambient, free.length, (i, j) => moves(i, free[j]!)),
        coordinates: matrix(free.length, ambient, (j, i) => (i === free[j]![0] * d + free[j]![1] ? 1 : 0)),
      }
    }
    default:
      return { tangents: Matrix.eye(ambient), coordinates: Matrix.eye(ambient) }
  }
}
