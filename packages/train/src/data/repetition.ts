import { latticeOf, onLattice, type Lattice } from './lattice.ts'
import type { ValueCounts } from './value-counts.ts'

/** A value that more than 1 % of the rows share. */
export interface Atom {
  readonly value: number
  readonly share: number
}

/**
 * Whether a column can have a density. `continuous`: yes. `lattice`: its values repeat everywhere on a step, and noise of one
 * step gives it one. `atoms`: it is continuous but for a few values that many rows share, such as a cap. `repeated`: its
 * values repeat without a step that would explain it, as when rows were copied.
 */
export type Repetition =
  | { readonly _tag: 'continuous' }
  | { readonly _tag: 'lattice'; readonly step: number }
  | { readonly _tag: 'atoms'; readonly atoms: ReadonlyArray<Atom> }
  | { readonly _tag: 'repeated'; readonly step: number | null }

/** What is known of the training rows of one column. */
interface Values {
  readonly rows: number
  readonly counts: ValueCounts
  /** Values of a uniform sample of the rows. */
  readonly sample: Float64Array
}

/** A value is heavy from this share of the rows on. */
const heavyShare = 0.01

/** Where the rest of a column does not repeat, more cells than these across its range are no lattice but a continuum. */
const maxCells = 2 ** 16

/** A lattice explains repeated values only where its cells are at most this many for each row. */
const cellsPerRow = 64

/**
 * A column's values repeat where there are fewer distinct ones than half the rows, or one stands in more than 1 % of them.
 * Then: a heavy value off the lattice of the others, or among others that hardly repeat, is an atom; a lattice
 * is one if its cells are so few that values must meet on them by chance.
 */
export const repetitionOf = ({ rows, counts, sample }: Values): Repetition => {
  const atoms = heavyValues({ rows, counts, sample })
  const repeats = counts.distinct < rows / 2
  if (!repeats && atoms.length === 0) return { _tag: 'continuous' }
  const lattice = counts.values.length < 2 ? undefined : latticeOf(counts.values)
  const explains = lattice !== undefined && cells(lattice, central(sample)) <= cellsPerRow * rows
  const rest = rows * (1 - atoms.reduce((sum, atom) => sum + atom.share, 0))
  const restRepeats = rest < 20 || counts.distinct - atoms.length < rest / 2
  const stray = lattice === undefined ? [] : atoms.filter(({ value }) => !onLattice(lattice, value))
  // where many values are heavy, rows repeat rather than a few values
  if (10 * atoms.length <= counts.distinct) {
    if (stray.length > 0) return { _tag: 'atoms', atoms: stray }
    if (!restRepeats && (!explains || cells(lattice, counts.values) > maxCells)) return { _tag: 'atoms', atoms }
  }
  return explains ? { _tag: 'lattice', step: lattice.step } : { _tag: 'repeated', step: lattice?.step ?? null }
}

/** The most common value and its share of the rows; an estimate from the sample where not all values were counted. */
export const mostCommon = (values: Values): Atom => sharesOf(values).reduce((best, atom) => (atom.share > best.share ? atom : best))

const heavyValues = (values: Values): ReadonlyArray<Atom> => {
  const heavy = sharesOf(values).filter(({ share }) => share > heavyShare)
  // in a small table a value that occurs once or twice is no sign of anything
  return heavy.filter(({ share }) => share * values.rows > 2.5)
}

const sharesOf = ({ rows, counts, sample }: Values): ReadonlyArray<Atom> => {
  if (counts.exact) return heaviest(counts.values, counts.counts, rows)
  const tally = new Map<number, number>()
  for (const x of sample) tally.set(x, (tally.get(x) ?? 0) + 1)
  return heaviest([...tally.keys()], [...tally.values()], sample.length)
}

/** The values with more than 0.5 % of the rows, or else the most common one alone. */
const heaviest = (values: ArrayLike<number>, counts: ArrayLike<number>, rows: number): ReadonlyArray<Atom> => {
  const found: Array<Atom> = []
  let best = 0
  for (let i = 0; i < values.length; i++) {
    if (counts[i]! > counts[best]!) best = i
    if (counts[i]! > 0.005 * rows) found.push({ value: values[i]!, share: counts[i]! / rows })
  }
  return found.length > 0 ? found : [{ value: values[best]!, share: counts[best]! / rows }]
}

const cells = ({ step }: Lattice, ascending: Float64Array): number => (ascending[ascending.length - 1]! - ascending[0]!) / step + 1

/** The middle 98 % of a sample, ascending: a lattice is not made fine by one far value. */
const central = (sample: Float64Array): Float64Array => {
  const sorted = Float64Array.from(sample).sort()
  return sorted.subarray(Math.floor(0.01 * sorted.length), Math.max(1, Math.ceil(0.99 * sorted.length)))
}
