import type { Frame } from '../picture.ts'
import { placing } from './surface.ts'
import type { Surface } from './surface.ts'

/** Points as dots: round ones where that can be seen. */
export const drawPoints = (
  { context, side }: Surface,
  points: ArrayLike<number>,
  frame: Frame,
  { colour, radius, alpha }: { readonly colour: string; readonly radius: number; readonly alpha: number },
): void => {
  const place = placing(frame, side)
  context.globalAlpha = alpha
  context.fillStyle = colour
  context.beginPath()
  for (let k = 0; k < points.length; k += 2) {
    const [x, y] = place(points[k]!, points[k + 1]!)
    if (!(Math.abs(x - side / 2) < side && Math.abs(y - side / 2) < side)) continue
    if (radius < 1.2) context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
    else {
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 2 * Math.PI)
    }
  }
  context.fill()
  context.globalAlpha = 1
}
