import { mixed } from './value-counts.ts'

/** A uniform sample of the rows that streamed by. */
export interface RowSample {
  /** Takes the row of `width` values that begins at `offset`. */
  add(values: Float64Array, offset: number): void
  /** The number of rows in the sample, and their values, row-major. */
  result(): { readonly rows: number; readonly values: Float64Array }
}

/** Keeps `limit` rows, each set of them equally likely (Vitter 1985, algorithm R); drawn by the row's number, so reproducible. */
export const rowSample = (width: number, limit: number): RowSample => {
  let kept = new Float64Array(Math.min(limit, 1024) * width)
  let seen = 0
  const add = (values: Float64Array, offset: number): void => {
    const place = seen < limit ? seen : Math.floor(((mixed(seen, 0x51ed270b) >>> 0) / 2 ** 32) * (seen + 1))
    seen += 1
    if (place >= limit) return
    if ((place + 1) * width > kept.length) {
      const more = new Float64Array(Math.min(limit * width, 2 * kept.length))
      more.set(kept)
      kept = more
    }
    for (let j = 0; j < width; j++) kept[place * width + j] = values[offset + j]!
  }
  return { add, result: () => ({ rows: Math.min(seen, limit), values: kept.subarray(0, Math.min(seen, limit) * width) }) }
}
