import type { ColumnSchema } from '../data/schema.ts'
import { isCircular } from './kind.ts'
import { toEvent } from './place.ts'

/** How a conditioning column stands in the context: how many numbers it takes, and what writes them. */
export interface ContextPlace {
  readonly size: number
  write(x: number, target: Float32Array, at: number): void
}

/**
 * A category is one-hot, an angle its cosine and sine (so that a network sees no seam), any other column (x - shift) / scale. What is
 * missing is NaN.
 */
export const contextPlace = (column: ColumnSchema): ContextPlace => {
  const { kind } = column
  const place = toEvent(column)
  if (kind?._tag === 'categorical') {
    const size = kind.categories!.length
    return {
      size,
      write: (x, target, at) => {
        const code = place(x)
        for (let k = 0; k < size; k++) target[at + k] = Number.isNaN(code) ? NaN : k === code ? 1 : 0
      },
    }
  }
  if (kind !== undefined && isCircular(kind))
    return {
      size: 2,
      write: (x, target, at) => {
        target[at] = Math.cos(place(x))
        target[at + 1] = Math.sin(place(x))
      },
    }
  return {
    size: 1,
    write: (x, target, at) => {
      target[at] = place(x)
    },
  }
}

/** Rows of a context back as the event numbers of its columns, [rows, C]: codes, angles, standardized numbers. */
export const contextPlaces = (given: ReadonlyArray<ColumnSchema>, values: Float32Array): Float32Array => {
  const sizes = given.map(column => contextPlace(column).size)
  const wide = contextWidth(given)
  const out = new Float32Array((values.length / Math.max(1, wide)) * given.length)
  for (let i = 0; i * wide < values.length; i++)
    sizes.reduce((start, size, j) => {
      const own = values.subarray(i * wide + start, i * wide + start + size)
      out[i * given.length + j] = placeIn(given[j]!, own)
      return start + size
    }, 0)
  return out
}

const placeIn = ({ kind }: ColumnSchema, own: Float32Array): number => {
  if (kind?._tag === 'categorical') return own.indexOf(1)
  return kind !== undefined && isCircular(kind) ? Math.atan2(own[1]!, own[0]!) : own[0]!
}

/** How many numbers the conditioning columns take. */
export const contextWidth = (given: ReadonlyArray<ColumnSchema>): number => given.reduce((n, column) => n + contextPlace(column).size, 0)
