/** A part of a shard. */
export interface Share {
  readonly shard: number
  readonly part: number
}

/** Who runs which part. Everyone has a shard, whose parts it runs in order; who has none left takes the last of another that nobody has begun. */
export interface Deal {
  /** What the owner of a shard runs next, or nothing where all parts have been begun. */
  readonly next: (owner: number) => Share | undefined
  /** How many parts of a shard nobody has begun. */
  readonly left: (shard: number) => number
  /** All that an owner has begun, its own parts first. */
  readonly taken: (owner: number) => ReadonlyArray<Share>
  /** The parts of a shard that others have taken, in order. */
  readonly lent: (shard: number) => ReadonlyArray<Share>
  /** Nobody gets any more. */
  readonly end: () => void
  /** Whether there is nothing left to begin. */
  readonly isOver: () => boolean
  /** Settles once there is nothing left to begin. */
  readonly over: Promise<void>
}

/** `shards` shards of `count` parts. */
export const deal = (shards: number, count: number): Deal => {
  const own = Array.from({ length: shards }, (_, shard) => ({ shard, begun: 0, end: count }))
  const others = own.map(() => new Array<Share>())
  const end: { over?: () => void } = {}
  const over = new Promise<void>(resolve => (end.over = resolve))
  const left = (shard: number): number => own[shard]!.end - own[shard]!.begun
  const taken = (owner: number): Share | undefined => {
    const mine = own[owner]!
    if (left(owner) > 0) return { shard: owner, part: mine.begun++ }
    const most = own.reduce((a, b) => (left(b.shard) > left(a.shard) ? b : a))
    if (left(most.shard) === 0) return undefined
    const share = { shard: most.shard, part: --most.end }
    others[owner]!.push(share)
    return share
  }
  const isOver = (): boolean => own.every(({ shard }) => left(shard) === 0)
  const settle = (): void => {
    if (isOver()) end.over!()
  }
  return {
    next: owner => {
      const share = taken(owner)
      settle()
      return share
    },
    left,
    taken: owner => [...Array.from({ length: own[owner]!.begun }, (_, part) => ({ shard: owner, part })), ...others[owner]!],
    lent: shard =>
      others
        .flat()
        .filter(share => share.shard === shard)
        .sort((a, b) => a.part - b.part),
    end: () => {
      own.forEach(mine => (mine.end = mine.begun))
      settle()
    },
    isOver,
    over,
  }
}
