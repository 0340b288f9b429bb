/** A quantile of some numbers, linear between them. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** The middle and the quartiles. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
})

/** How many times longer the first took than the second: round by round, since what slows a machine down slows both. */
export const ratioOf = (slow: ReadonlyArray<number>, fast: ReadonlyArray<number>): Spread | undefined => {
  const rounds = Math.min(slow.length, fast.length)
  return rounds === 0 ? undefined : spreadOf(Array.from({ length: rounds }, (_, i) => slow[i]! / fast[i]!))
}
