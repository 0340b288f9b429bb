import type { Frame } from '../picture.ts'

/** A canvas to draw on, in pixels of the page, as sharp as the screen. */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  /** The side of the square. */
  readonly side: number
}

/** An empty surface of the canvas's present size. */
export const surfaceOf = (canvas: HTMLCanvasElement): Surface => {
  const side = canvas.clientWidth
  const pixels = Math.max(1, Math.round(side * devicePixelRatio))
  if (canvas.width !== pixels || canvas.height !== pixels) {
    canvas.width = pixels
    canvas.height = pixels
  }
  // drawn by the processor: thousands of dots are slow where the graphics card is software
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.setTransform(pixels / side, 0, 0, pixels / side, 0, 0)
  context.clearRect(0, 0, side, side)
  return { context, side }
}

/** Where a point of the plane lies on a surface; what is far outside of it is moved nearer, since a canvas is slow far out. */
export const placing = ({ x, y, half }: Frame, side: number): ((px: number, py: number) => readonly [number, number]) => {
  const scale = side / (2 * half)
  const near = (at: number): number => Math.max(-2 * side, Math.min(3 * side, at))
  return (px, py) => [near((px - x + half) * scale), near((y + half - py) * scale)]
}
