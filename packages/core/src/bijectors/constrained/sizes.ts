import type { Shape } from '../../contracts.ts'
import type { BijectorSite } from '../../registry.ts'
import { showShape } from '../../support.ts'
import { showPath } from '../../tree.ts'

/**
 * The length K of vectors whose free coordinates are `fewer` less.
 *
 * @throws RangeError when the event is no vector, or one of fewer than `least` numbers
 */
export const constrainedLength = (tag: string, site: BijectorSite, fewer: number, least: number = fewer + 1): number => {
  const [dim] = site.shape
  const size = dim === undefined || site.shape.length !== 1 ? 0 : site.side === 'base' ? dim + fewer : dim
  if (size < least)
    throw new RangeError(
      `build: expected '${tag}' to get a vector event [K], K >= ${site.side === 'base' ? least - fewer : least}, got ${showShape(site.shape)} at ${showPath(site.path)}`,
    )
  return size
}

/**
 * The size D of matrices whose lower triangle has `count(D)` free entries.
 *
 * @throws RangeError when the event is no square matrix on the data side, or no vector of so many entries on the base side
 */
export const matrixSize = (tag: string, site: BijectorSite, least: number, count: (size: number) => number): number => {
  const found = site.side === 'data' ? squareSize(site.shape) : vectorSize(site.shape, count)
  if (found === undefined || found < least)
    throw new RangeError(
      `build: expected '${tag}' to get ${site.side === 'data' ? `a matrix event [D, D], D >= ${least}` : 'a vector of the entries of a triangle'}, got ${showShape(site.shape)} at ${showPath(site.path)}`,
    )
  return found
}

const squareSize = (shape: Shape): number | undefined => (shape.length === 2 && shape[0] === shape[1] ? shape[0] : undefined)

const vectorSize = (shape: Shape, count: (size: number) => number): number | undefined => {
  if (shape.length !== 1) return undefined
  const size = Math.round(Math.sqrt(2 * shape[0]! + 0.25))
  return [size - 1, size, size + 1].find(d => d > 0 && count(d) === shape[0])
}
