import type { Frame } from './picture.ts'

/** Log-densities in the middles of a frame's cells, row by row from the bottom. */
export interface DensityGrid {
  readonly frame: Frame
  readonly cells: number
  readonly logDensity: Float32Array
}

/** The middles of the cells, [cells^2, 2]. */
export const middles = ({ x, y, half }: Frame, cells: number): Float64Array => {
  const at = (k: number, centre: number): number => centre - half + ((k + 0.5) * 2 * half) / cells
  const points = new Float64Array(2 * cells * cells)
  for (let j = 0; j < cells; j++) for (let i = 0; i < cells; i++) points.set([at(i, x), at(j, y)], 2 * (j * cells + i))
  return points
}

/** The square root of the density in 255 steps, so that thin tails can be seen; row by row from the top. */
export const shadesOf = ({ cells, logDensity }: DensityGrid): Uint8Array => {
  // the highest of a few cells may be a spike: shades end at the 99.5th percentile
  const top = Float32Array.from(logDensity).sort()[Math.floor(0.995 * logDensity.length)]!
  return Uint8Array.from(logDensity, (_, at) => {
    const [row, column] = [Math.floor(at / cells), at % cells]
    return Math.round(255 * Math.min(1, Math.exp((logDensity[(cells - 1 - row) * cells + column]! - top) / 2)))
  })
}

/** How much of the density and of the points lies in the same cells of a coarse grid: 1 when they agree. */
export const overlap = ({ frame, cells, logDensity }: DensityGrid, points: ArrayLike<number>, bins = 20): number => {
  const model = new Float64Array(bins * bins)
  const data = new Float64Array(bins * bins)
  const area = ((2 * frame.half) / cells) ** 2
  for (let j = 0; j < cells; j++)
    for (let i = 0; i < cells; i++)
      model[Math.floor((j * bins) / cells) * bins + Math.floor((i * bins) / cells)]! += Math.exp(logDensity[j * cells + i]!) * area
  const place = (value: number, centre: number): number => Math.floor((bins * (value - centre + frame.half)) / (2 * frame.half))
  const n = points.length / 2
  for (let k = 0; k < n; k++) {
    const [i, j] = [place(points[2 * k]!, frame.x), place(points[2 * k + 1]!, frame.y)]
    if (i >= 0 && i < bins && j >= 0 && j < bins) data[j * bins + i]! += 1 / n
  }
  return model.reduce((sum, mass, at) => sum + Math.min(mass, data[at]!), 0)
}

/** Where the density is highest. */
export const peak = ({ frame, cells, logDensity }: DensityGrid): readonly [number, number] => {
  const at = logDensity.reduce((best, value, k) => (value > logDensity[best]! ? k : best), 0)
  const coordinate = (k: number, centre: number): number => centre - frame.half + ((k + 0.5) * 2 * frame.half) / cells
  return [coordinate(at % cells, frame.x), coordinate(Math.floor(at / cells), frame.y)]
}
