/** How often the values of a column occur. */
export interface ValueCounts {
  /** The number of distinct values; an estimate (within about 1 %) where `exact` is false. */
  readonly distinct: number
  readonly exact: boolean
  /** Distinct values in ascending order: all of them, or an unbiased sample of them. */
  readonly values: Float64Array
  /** How often each of `values` occurs: always exact. */
  readonly counts: Uint32Array
}

/** Counts values as they stream by. */
export interface ValueCounter {
  add(x: number): void
  result(): ValueCounts
}

/**
 * Counts distinct values in bounded memory: exactly up to `limit` of them. Beyond, it keeps those whose hash ends in l zero
 * bits, l growing by one each time they are too many; each kept value stands for 2^l (Wegman's adaptive sampling, Flajolet 1990).
 */
export const valueCounter = (limit: number): ValueCounter => {
  let table = empty(1024)
  let level = 0
  const add = (x: number): void => {
    const hash = hashOfValue(x)
    if ((hash & ((1 << level) - 1)) !== 0) return
    count(table, x, hash >>> 0, 1)
    if (table.size > limit) {
      level += 1
      table = rebuilt(table, table.counts.length, level)
    } else if (2 * table.size > table.counts.length) table = rebuilt(table, 2 * table.counts.length, level)
  }
  return { add, result: () => summary(table, level) }
}

/** 32 hash bits of a number's float64 bits; 0 and -0 are the same number. */
export const hashOfValue = (x: number): number => {
  number[0] = x === 0 ? 0 : x
  return mixed(words[0]!, words[1]!)
}

/** Two words mixed with the float64 bits of a number, each in its own way; 0 and -0 are the same number. */
export const mixedWith = (x: number, high: number, low: number): readonly [number, number] => {
  number[0] = x === 0 ? 0 : x
  const [p, q] = [words[0]!, words[1]!]
  return [mixed(p ^ high, q), mixed(Math.imul(q, 0x9e3779b1) ^ low, p)]
}

/** 32 well-mixed bits of two words (the finalizer of MurmurHash3, twice). */
export const mixed = (low: number, high: number): number => {
  const h = finalized(low ^ 0x9e3779b9)
  return finalized(h ^ high)
}

const finalized = (word: number): number => {
  const a = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return b ^ (b >>> 16)
}

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)

/** Open addressing; a count of 0 marks a free place. */
interface Table {
  readonly values: Float64Array
  readonly counts: Uint32Array
  /** 32 - log2 of the capacity. */
  readonly shift: number
  size: number
}

const empty = (capacity: number): Table => ({
  values: new Float64Array(capacity),
  counts: new Uint32Array(capacity),
  shift: 32 - Math.log2(capacity),
  size: 0,
})

const count = (table: Table, x: number, hash: number, times: number): void => {
  const mask = table.counts.length - 1
  // the low bits of kept hashes are zeros, so that the place comes from the high ones
  let at = Math.imul(hash, 0x9e3779b1) >>> table.shift
  while (table.counts[at] !== 0 && table.values[at] !== x) at = (at + 1) & mask
  if (table.counts[at] === 0) table.size += 1
  table.values[at] = x
  table.counts[at]! += times
}

const rebuilt = (old: Table, capacity: number, level: number): Table => {
  const table = empty(capacity)
  for (let i = 0; i < old.counts.length; i++) {
    if (old.counts[i] === 0) continue
    const hash = hashOfValue(old.values[i]!)
    if ((hash & ((1 << level) - 1)) === 0) count(table, old.values[i]!, hash, old.counts[i]!)
  }
  return table
}

const summary = (table: Table, level: number): ValueCounts => {
  const places = Uint32Array.from({ length: table.size })
  for (let i = 0, at = 0; i < table.counts.length; i++) if (table.counts[i] !== 0) places[at++] = i
  places.sort((a, b) => table.values[a]! - table.values[b]!)
  return {
    distinct: table.size * 2 ** level,
    exact: level === 0,
    values: Float64Array.from(places, i => table.values[i]!),
    counts: Uint32Array.from(places, i => table.counts[i]!),
  }
}
