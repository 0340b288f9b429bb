import type { Adjacency, BijectorSite } from '../registry.ts'
import type { AutoregressiveSpec } from '../specs.ts'
import { contextWidth } from '../tensor.ts'
import { showPath } from '../tree.ts'

/** Which dimensions and which numbers of the context each dimension depends on, and after how many passes of an inverse it is known. */
export interface Dependencies {
  /** [D, D + C]. */
  readonly adjacency: Adjacency
  /** For each dimension the length of the longest path that leads to it. */
  readonly levels: ReadonlyArray<number>
}

/**
 * What a spec says about who depends on whom; undefined where it says nothing, so that each dimension depends on all before it.
 *
 * @throws RangeError naming the path of what is no number of passes or no acyclic graph
 */
export const dependenciesOf = (
  { passes, adjacency }: Pick<AutoregressiveSpec, 'passes' | 'adjacency'>,
  dim: number,
  site: BijectorSite,
): Dependencies | undefined => {
  const context = contextWidth(site.context)
  if (passes !== undefined && adjacency !== undefined)
    throw new RangeError(`build: expected passes or an adjacency, got both at ${showPath(site.path)}`)
  if (passes !== undefined) return inPasses(passes, dim, context, site)
  return adjacency === undefined ? undefined : ofGraph(adjacency, dim, context, [...site.path, 'adjacency'])
}

const inPasses = (passes: number, dim: number, context: number, site: BijectorSite): Dependencies => {
  if (!Number.isSafeInteger(passes) || passes < 2)
    throw new RangeError(
      `build: expected a whole number of passes, at least 2, got ${passes} at ${showPath([...site.path, 'passes'])}; for one, take 'conditional'`,
    )
  const block = Math.ceil(dim / Math.min(passes, dim))
  const levels = Array.from({ length: dim }, (_, i) => Math.floor(i / block))
  return { adjacency: levels.map(level => [...levels.map(other => other < level), ...all(context)]), levels }
}

const all = (count: number): ReadonlyArray<boolean> => Array.from({ length: count }, () => true)

const ofGraph = (adjacency: Adjacency, dim: number, context: number, path: ReadonlyArray<string | number>): Dependencies => {
  const widths = [dim, dim + context]
  const isMatrix =
    Array.isArray(adjacency) &&
    adjacency.length === dim &&
    adjacency.every(row => Array.isArray(row) && row.length === adjacency[0]!.length && row.every(entry => typeof entry === 'boolean'))
  if (!isMatrix || !widths.includes(adjacency[0]!.length))
    throw new RangeError(
      `build: expected ${dim} rows of ${[...new Set(widths)].join(' or ')} booleans, got ${shown(adjacency)} at ${showPath(path)}`,
    )
  const full = adjacency.map((row: ReadonlyArray<boolean>, i): ReadonlyArray<boolean> => [
    ...row.slice(0, dim).map((entry, j) => entry && i !== j),
    ...(row.length > dim ? row.slice(dim) : all(context)),
  ])
  return { adjacency: full, levels: levelsOf(full, dim, path) }
}

const shown = (adjacency: unknown): string =>
  Array.isArray(adjacency)
    ? `${adjacency.length} rows of ${[...new Set(adjacency.map(row => (Array.isArray(row) ? row.length : typeof row)))].join(', ')}`
    : typeof adjacency

/** The longest path to each dimension, generation by generation. */
const levelsOf = (adjacency: Adjacency, dim: number, path: ReadonlyArray<string | number>): ReadonlyArray<number> => {
  const levels = new Array<number>(dim).fill(-1)
  for (let level = 0; level < dim && levels.includes(-1); level++) {
    const ready = levels.map((known, i) => known === -1 && adjacency[i]!.slice(0, dim).every((entry, j) => !entry || levels[j]! >= 0))
    if (!ready.includes(true)) break
    ready.forEach((is, i) => {
      if (is) levels[i] = level
    })
  }
  const cyclic = [...levels.keys()].filter(i => levels[i] === -1)
  if (cyclic.length > 0)
    throw new RangeError(`build: expected a graph without cycles, got one through dimensions ${cyclic.join(', ')} at ${showPath(path)}`)
  return levels
}
