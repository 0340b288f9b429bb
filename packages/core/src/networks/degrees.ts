import type { MadeSpec } from '../specs.ts'
import type { Mask } from './linear.ts'

/**
 * The degrees of a masked network (Germain et al. 2015, section 4): input i has degree i + 1, a hidden unit of degree m sees
 * inputs of degree <= m, output i sees hidden units of degree <= i. With a context there are hidden units of degree 0, which
 * see the context alone: so the first output depends on it too.
 */
export interface Degrees {
  readonly inputs: ReadonlyArray<number>
  readonly hidden: ReadonlyArray<ReadonlyArray<number>>
  readonly outputs: ReadonlyArray<number>
}

/**
 * @param dim        number of inputs and of output groups
 * @param hasContext whether hidden units of degree 0 are wanted
 */
export const degreesOf = (spec: Pick<MadeSpec, 'hidden' | 'degrees'>, dim: number, hasContext: boolean): Degrees => {
  const least = hasContext ? 0 : 1
  const levels = dim - least
  const ofUnit = (unit: number, width: number): number =>
    least + (spec.degrees === 'cyclic' ? unit % levels : Math.floor((unit * levels) / width))
  return {
    inputs: Array.from({ length: dim }, (_, i) => i + 1),
    hidden: spec.hidden.map(width => Array.from({ length: width }, (_, unit) => ofUnit(unit, width))),
    outputs: Array.from({ length: dim }, (_, i) => i),
  }
}

/** 1 where the column's unit may see the row's: degree of the row <= degree of the column. */
export const maskOf = (rows: ReadonlyArray<number>, columns: ReadonlyArray<number>): Mask => ({
  rows: rows.length,
  columns: columns.length,
  values: Float32Array.from(rows.flatMap(m => columns.map(n => (m <= n ? 1 : 0)))),
})
