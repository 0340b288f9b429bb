import { deal } from './deal.ts'
import type { Share } from './deal.ts'
import type { Ask, Frame, Outcome, WorkerProgram } from './peer.ts'

/** A shard: its frame, and the rows of one part alone. */
export interface Task {
  readonly worker: number
  readonly frame: Frame
  readonly rows: (part: number) => ReadonlyArray<ArrayBuffer>
  /** Memory of earlier results, to be written over, where there is some. */
  readonly spare: () => ArrayBuffer | undefined
}

/** What becomes of a shard; 'left' where another worker failed. */
export type ShardOutcome = Outcome | { readonly kind: 'left' }

/** Asks a worker; one that has died is replaced first. */
export type AskWorker = (worker: number, ask: Ask) => Promise<Outcome>

/** While more parts of its own than this are left, a worker has the next one before it asks for it. */
const keptForOthers = 1

/**
 * The results of shards of one program, each by its own worker. Results are added in the order of the parts, whoever ran them: a worker that has
 * none left takes the last ones of another, and sends it their results. What a worker that dies has run is run again, once.
 */
export const runShards = async (
  { parts: { count } }: WorkerProgram,
  tasks: ReadonlyArray<Task>,
  askWorker: AskWorker,
): Promise<ReadonlyArray<readonly [ShardOutcome, ShardOutcome]>> => {
  const cards = deal(tasks.length, count)
  const lent = lentResults()

  /** What a worker does until nothing is left, `first` at first. */
  const turn = async (i: number, first: ReadonlyArray<Share>): Promise<ShardOutcome> => {
    const { worker, frame, spare } = tasks[i]!
    const asked: Promise<Outcome>[] = []
    const waiting: Promise<Outcome>[] = []
    const state: { bad?: Outcome } = {}
    const ask = (what: Ask): Promise<Outcome> => {
      const outcome = askWorker(worker, what).then(result => (result.kind === 'done' ? result : (state.bad ??= result)))
      asked.push(outcome)
      return outcome
    }
    const run = (share: Share): void => {
      const { shard, part } = share
      if (shard === i) return void waiting.push(ask({ kind: 'own', part, ...(part === 0 ? { frame } : {}) }))
      const done = ask({ kind: 'other', part, rows: tasks[shard]!.rows(part) })
      waiting.push(done)
      void done.then(outcome => outcome.kind === 'done' && lent.give(share, outcome.results))
    }
    first.forEach(run)
    for (let share = cards.next(i); share !== undefined && state.bad === undefined; share = cards.next(i)) {
      run(share)
      const most = cards.left(i) > keptForOthers ? 2 : 1
      while (waiting.length >= most && state.bad === undefined && !cards.isOver()) await Promise.race([waiting.shift(), cards.over])
    }
    const others = state.bad === undefined ? await Promise.all(cards.lent(i).map(lent.take)) : []
    const more = others.flatMap(results => results ?? [])
    if (state.bad === undefined && more.length === others.length) void ask({ kind: 'sum', more, spare: spare() })
    const outcomes = await Promise.all(asked)
    return state.bad ?? (more.length < others.length ? { kind: 'left' } : outcomes.at(-1)!)
  }
  const served = async (_: Task, i: number): Promise<readonly [ShardOutcome, ShardOutcome]> => {
    const once = await turn(i, [])
    const again =
      once.kind === 'died'
        ? await turn(
            i,
            cards.taken(i).filter(share => share.shard === i || !lent.has(share)),
          )
        : once
    if (again.kind !== 'done') {
      cards.end()
      cards.taken(i).forEach(share => share.shard !== i && lent.give(share, undefined))
    }
    return [once, again]
  }
  return Promise.all(tasks.map(served))
}

/** Results of parts for the workers whose shards they are of; undefined where there will be none. */
const lentResults = (): {
  readonly give: (share: Share, results: ArrayBuffer | undefined) => void
  readonly take: (share: Share) => Promise<ArrayBuffer | undefined>
  readonly has: (share: Share) => boolean
} => {
  const given = new Map<Share, ArrayBuffer | undefined>()
  const wanted = new Map<Share, (results: ArrayBuffer | undefined) => void>()
  return {
    give: (share, results) => {
      if (given.has(share)) return
      given.set(share, results)
      wanted.get(share)?.(results)
    },
    take: async share => (given.has(share) ? given.get(share) : new Promise(resolve => wanted.set(share, resolve))),
    has: share => given.get(share) !== undefined,
  }
}
