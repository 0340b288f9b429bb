/** A square part of the plane: its centre and half its side. */
export interface Frame {
  readonly x: number
  readonly y: number
  readonly half: number
}

/** What the page asks to see of a model. */
export interface PictureRequest {
  readonly frame: Frame
  /** Cells along a side of the density's grid. */
  readonly cells: number
  readonly samples: number
  /** Compile what computes it. */
  readonly jit: boolean
  /** What the model is compared with, [N, 2]; there may be none. */
  readonly points: Float64Array
}

/** What the worker computes of a model. */
export interface Picture {
  readonly frame: Frame
  readonly cells: number
  /** How dark the cells are, 0 to 255, row by row from the top. */
  readonly shades: Uint8Array
  /** Where the density is highest. */
  readonly peak: readonly [number, number]
  /** The share of the model's probability that lies where the points lie; undefined where there are none. */
  readonly overlap: number | undefined
  /** [samples, 2]: the images of the same draws of the base each time. */
  readonly samples: Float32Array
  /** The images of straight lines of the base: `lattice.lines` lines of `lattice.points` points each, [lines, points, 2]. */
  readonly lattice: Float32Array
}

/** Lines of the base's grid, in its units: from -3 to 3 in both directions. */
export const lattice: { readonly lines: number; readonly points: number; readonly bound: number } = { lines: 26, points: 61, bound: 3 }
