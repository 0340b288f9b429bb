import { distance } from 'fastest-levenshtein'

/**
 * The candidate that `name` most likely means: equal but for case, or within a third of its letters changed (and at
 * least one). Undefined when none is that near.
 */
export const nearest = (name: string, candidates: ReadonlyArray<string>): string | undefined => {
  const wanted = name.toLowerCase()
  const ranked = candidates.map(candidate => ({ candidate, changes: distance(wanted, candidate.toLowerCase()) }))
  const best = ranked.reduce<(typeof ranked)[number] | undefined>((a, b) => (a === undefined || b.changes < a.changes ? b : a), undefined)
  return best !== undefined && best.changes <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined
}
