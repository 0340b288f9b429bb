import type { Picture } from '../picture.ts'
import { tableOf } from './colours.ts'
import type { Colours } from './colours.ts'

/** The density as a heat map: a pixel for each cell, which the page's style stretches. */
export const drawDensity = (canvas: HTMLCanvasElement, { cells, shades }: Picture, { ramp }: Colours): void => {
  const table = tableOf(ramp)
  const image = new ImageData(cells, cells)
  shades.forEach((shade, at) => image.data.set([table[3 * shade]!, table[3 * shade + 1]!, table[3 * shade + 2]!, 255], 4 * at))
  if (canvas.width !== cells || canvas.height !== cells) Object.assign(canvas, { width: cells, height: cells })
  canvas.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0)
}
