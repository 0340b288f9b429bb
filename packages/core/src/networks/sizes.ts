import type { NetworkSite } from '../registry.ts'
import { showPath } from '../tree.ts'
import type { Path } from '../tree.ts'

const count = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

/**
 * How many numbers a network takes and gives for each row.
 *
 * @throws RangeError where an autoregressive network is needed: a plain one would let every output see every input
 */
export const plainSizes = (tag: string, site: NetworkSite): { readonly input: number; readonly output: number } => {
  if (site.autoregressive)
    throw new RangeError(`build: expected an autoregressive network such as 'made', got '${tag}' at ${showPath(site.path)}`)
  return { input: count(site.input), output: count(site.output) }
}

/** Wider than this is a mistake in a file, not a network. */
const widest = 65_536

/** @throws RangeError naming the path when a width is not an integer from 1 to 65,536 */
export const checkWidth = (width: number, site: NetworkSite, ...field: Path): void => {
  if (!Number.isSafeInteger(width) || width < 1 || width > widest)
    throw new RangeError(`build: expected a width from 1 to ${widest}, got ${width} at ${showPath([...site.path, ...field])}`)
}

/** @throws RangeError naming the path when there is no hidden layer or one's width is out of range */
export const checkHidden = (hidden: ReadonlyArray<number>, site: NetworkSite): void => {
  if (!Array.isArray(hidden) || hidden.length === 0)
    throw new RangeError(
      `build: expected at least one hidden layer, got ${JSON.stringify(hidden)} at ${showPath([...site.path, 'hidden'])}`,
    )
  hidden.forEach((width, i) => checkWidth(width, site, 'hidden', i))
}
