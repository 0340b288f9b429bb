/** Evenly spaced points on which the values of a column lie: offset + k step. */
export interface Lattice {
  readonly step: number
  readonly offset: number
  /** How far rounding may put a value beside its point. */
  readonly error: number
}

/** The share of distinct values that must lie on a lattice: a few strays, such as a cap, do not hide it. */
const share = 0.99

/** Whether a value lies on the lattice, within its error or a thousandth of the step. */
export const onLattice = ({ step, offset, error }: Lattice, x: number): boolean => {
  const k = (x - offset) / step
  return Math.abs(k - Math.round(k)) <= Math.max(1e-3, error / step)
}

/**
 * The coarsest lattice on which the values lie, up to the rounding of their decimals to float64, or to float32 where all
 * are float32 numbers; undefined when there is none that rounding would not also leave of values without a step.
 *
 * A decimal step is found exactly: the fewest decimals that write the values, then the greatest common divisor of these whole
 * numbers. Another one (a third, 1/255, degrees in radians) is the approximate common divisor of their differences.
 *
 * @param values  distinct, ascending, at least two
 */
export const latticeOf = (values: Float64Array): Lattice | undefined => {
  const sampled = values.length <= maxValues ? values : values.filter((_, i) => i % Math.ceil(values.length / maxValues) === 0)
  const precision = sampled.every(x => Math.fround(x) === x) ? 2 ** -23 : 2 ** -50
  const error = sampled.reduce((most, x) => Math.max(most, Math.abs(x)), 0) * precision
  return decimalLattice(sampled, error) ?? differenceLattice(sampled, error)
}

const maxValues = 65_536

const decimalLattice = (values: Float64Array, error: number): Lattice | undefined => {
  const whole = values.every(x => Number.isSafeInteger(x))
  for (let decimals = 0; decimals <= 15; decimals++) {
    const unit = 10 ** decimals
    // where errors reach a sixteenth of the unit, values without a step would often pass too
    if (!whole && error * unit > 1 / 16) return undefined
    const onGrid = values.filter(x => Math.abs(x * unit - Math.round(x * unit)) <= error * unit)
    if (onGrid.length < share * values.length || onGrid.length < 2) continue
    const found = coarsest(
      onGrid.map(x => Math.round(x * unit)),
      values.length,
    )
    return { step: found.step / unit, offset: found.offset / unit, error }
  }
  return undefined
}

/** The largest step on which enough of the whole numbers lie: that of all of them, or their most frequent gap. */
const coarsest = (ks: Float64Array, total: number): { readonly step: number; readonly offset: number } => {
  const gaps = ks.subarray(1).map((k, i) => k - ks[i]!)
  const all = gaps.reduce(greatestCommonDivisor)
  const usual = mostFrequent(gaps)
  const offset = mostFrequent(ks.map(k => residue(k, usual)))
  const on = ks.reduce((n, k) => n + (residue(k, usual) === offset ? 1 : 0), 0)
  return usual > all && on >= share * total ? { step: usual, offset } : { step: all, offset: residue(ks[0]!, all) }
}

const residue = (k: number, step: number): number => ((k % step) + step) % step

const greatestCommonDivisor = (a: number, b: number): number => {
  let [p, q] = [a, b]
  while (q !== 0) [p, q] = [q, p % q]
  return p
}

const mostFrequent = (values: Float64Array): number => {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].reduce((best, entry) => (entry[1] > best[1] || (entry[1] === best[1] && entry[0] < best[0]) ? entry : best))[0]
}

const differenceLattice = (values: Float64Array, error: number): Lattice | undefined => {
  const gaps = values.subarray(1).map((x, i) => x - values[i]!)
  const rough = gaps.reduce((a, b) => approximateDivisor(a, b, 64 * error))
  if (!(rough > 64 * error)) return undefined
  const [first, last] = [values[0]!, values[values.length - 1]!]
  const step = (last - first) / Math.round((last - first) / rough)
  const lattice: Lattice = { step, offset: residue(first, step), error: 2 * error }
  return values.every(x => onLattice(lattice, x)) ? lattice : undefined
}

/** Euclid's algorithm on real numbers, ended where a remainder is no more than rounding. */
const approximateDivisor = (a: number, b: number, error: number): number => {
  let [p, q] = [Math.max(a, b), Math.min(a, b)]
  while (q > error) [p, q] = [q, Math.abs(p - Math.round(p / q) * q)]
  return p
}
