import { tidy } from 'diffeo'
import type { Flow, FlowParams } from 'diffeo'
import { tensor2d } from '@tensorflow/tfjs-core'

type Point = readonly [number, number]

/** A square of a base of two standard normals, and its image. */
export interface Cell {
  readonly name: string
  /** Of the square, and so of its image. */
  readonly probability: number
  readonly marked: boolean
  /** The outlines, as points one after another. */
  readonly base: ReadonlyArray<Point>
  readonly data: ReadonlyArray<Point>
}

/** Phi, by Abramowitz and Stegun 7.1.26: within 1.5e-7. */
const normalCdf = (x: number): number => {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const tail =
    0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-0.5 * x * x)
  return x < 0 ? tail : 1 - tail
}

/** count x count squares of [-bound, bound]^2, and where a flow carries their outlines. */
export const cellsOf = (
  flow: Flow,
  params: FlowParams,
  { bound, count, marked = [-1, -1] }: { readonly bound: number; readonly count: number; readonly marked?: readonly [number, number] },
): ReadonlyArray<Cell> => {
  const side = (2 * bound) / count
  const corner = (i: number): number => -bound + i * side
  const share = (i: number): number => normalCdf(corner(i + 1)) - normalCdf(corner(i))
  return Array.from({ length: count * count }, (_, n): Cell => {
    const [i, j] = [n % count, Math.floor(n / count)]
    const base = outline(corner(i), corner(j), side)
    const image = tidy(() => flow.toData(params, tensor2d(base.flat(), [base.length, 2])).dataSync<'float32'>())
    return {
      name: `${i} ${j}`,
      probability: share(i) * share(j),
      marked: i === marked[0] && j === marked[1],
      base,
      data: base.map((_, k): Point => [image[2 * k]!, image[2 * k + 1]!]),
    }
  })
}

/** The outline of a square, 12 points on each side. */
const outline = (x: number, y: number, side: number): ReadonlyArray<Point> => {
  const steps = Array.from({ length: 12 }, (_, k) => (k / 12) * side)
  return [
    ...steps.map((s): Point => [x + s, y]),
    ...steps.map((s): Point => [x + side, y + s]),
    ...steps.map((s): Point => [x + side - s, y + side]),
    ...steps.map((s): Point => [x, y + side - s]),
  ]
}
