import type { BijectorSite } from '../registry.ts'
import { showShape } from '../support.ts'
import { showPath } from '../tree.ts'

/**
 * The length of the vectors that a bijector is built for.
 *
 * @throws RangeError when the event is not a vector
 */
export const vectorLength = (tag: string, site: BijectorSite): number => {
  const [dim] = site.shape
  if (site.shape.length !== 1 || dim === undefined)
    throw new RangeError(`build: expected '${tag}' to get a vector event [D], got ${showShape(site.shape)} at ${showPath(site.path)}`)
  return dim
}
