import { distance } from 'fastest-levenshtein'

/**
 * The known name that is closest to a misspelt one, if at most a third of its letters must change, or two of four and more, as two
 * exchanged ones do: Levenshtein distance, case ignored.
 */
export const nearest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  if (name.length === 0 || name.length > 64) return undefined
  const scored = known.map(candidate => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
  const best = scored.reduce<(typeof scored)[number] | undefined>((a, b) => (a === undefined || b.edits < a.edits ? b : a), undefined)
  return best && best.edits <= Math.max(best.candidate.length < 4 ? 1 : 2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined
}

/** ` (did you mean 'chain'?)`, or nothing. */
export const suggestion = (name: string, known: ReadonlyArray<string>): string => {
  const near = nearest(name, known)
  return near === undefined ? '' : ` (did you mean '${near}'?)`
}
