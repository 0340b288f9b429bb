import { made, mlp, rationalQuadratic } from '@diffeo/core'
import type { Shape, Tree } from '@diffeo/core'

/** A spec in the table of laws, with the sizes that it is built for. */
export interface Row<S> {
  readonly name: string
  readonly spec: S
  readonly layers?: number
  readonly startsAtIdentity?: boolean
  readonly dims?: ReadonlyArray<Shape>
  readonly contexts?: ReadonlyArray<Tree<Shape> | undefined>
  /** Standard deviation of the noise on the parameters. */
  readonly spread?: number
}

/** The half-width of every spline in the table: small, so that points fall on both sides of it. */
export const splineBound = 3

export const spline = rationalQuadratic({ bins: 4, bound: splineBound })
export const net = mlp({ hidden: [7], activation: 'tanh' })
export const masked = made({ hidden: [7], activation: 'tanh' })

export const vectors: ReadonlyArray<Shape> = [[1], [2], [3], [6]]
export const one: ReadonlyArray<Shape> = [[3]]
export const anyShape: ReadonlyArray<Shape> = [...vectors, [2, 2]]
export const none = [undefined]
export const both = [undefined, [2]]
