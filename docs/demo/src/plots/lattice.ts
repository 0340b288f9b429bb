import { lattice } from '../picture.ts'
import type { Frame } from '../picture.ts'
import type { Colours } from './colours.ts'
import { placing } from './surface.ts'
import type { Surface } from './surface.ts'

/** The images of the base's straight lines: how the flow bends the plane. Those through the middle are strongest. */
export const drawLattice = ({ context, side }: Surface, points: ArrayLike<number>, frame: Frame, colours: Colours): void => {
  const place = placing(frame, side)
  const each = lattice.lines / 2
  context.strokeStyle = colours.lattice
  context.lineJoin = 'round'
  const middle = (each - 1) / 2
  // lines as far from the middle as each other are one path: fewer are faster
  for (let outwards = 0; outwards <= middle; outwards++) {
    context.globalAlpha = 1 - (0.72 * outwards) / middle
    context.lineWidth = outwards === 0 ? 2 : 1.1
    context.beginPath()
    const lines = [middle - outwards, middle + outwards, each + middle - outwards, each + middle + outwards]
    for (const line of new Set(lines))
      for (let k = 0; k < lattice.points; k++) {
        const at = 2 * (line * lattice.points + k)
        const [x, y] = place(points[at]!, points[at + 1]!)
        if (k === 0) context.moveTo(x, y)
        else context.lineTo(x, y)
      }
    context.stroke()
  }
  context.globalAlpha = 1
}

/** The lines as they lie in the base, before any training. */
export const straightLattice = (): Float32Array => {
  const { lines, points, bound } = lattice
  const each = lines / 2
  return Float32Array.from(
    Array.from({ length: lines * points }, (_, at) => {
      const [line, k] = [Math.floor(at / points), at % points]
      const across = -bound + (2 * bound * (line % each)) / (each - 1)
      const along = -bound + (2 * bound * k) / (points - 1)
      return line < each ? [across, along] : [along, across]
    }).flat(),
  )
}
