import { startPeer } from './peer.ts'
import type { Peer, WorkerProgram } from './peer.ts'
import { runShards } from './run-shards.ts'
import type { ShardOutcome, Task } from './run-shards.ts'
import { spawn } from './spawn.ts'
import type { Spawn } from './spawn.ts'

/** The workers of this process, by their numbers from 0; they are started when they are asked for, and shared by all programs. */
export interface Pool {
  /** Starts so many workers, where they do not run yet. Gives the reason why one cannot run, if there is one. */
  readonly start: (workers: number) => Promise<string | undefined>
  /**
   * The results of shards of one program, each of another worker; calls that need the same worker wait for each other. A worker that dies is
   * replaced and what it had run is run again, once.
   *
   * @throws Error when the worker dies again, or the program fails
   */
  readonly run: (program: WorkerProgram, tasks: ReadonlyArray<Task>) => Promise<ReadonlyArray<ArrayBuffer>>
  /** Somebody needs the workers: they stay until he has released them. */
  readonly retain: () => void
  readonly release: () => void
  readonly forget: (program: WorkerProgram) => void
  /** How many workers run. */
  readonly size: () => number
}

export const createPool = (start: Spawn): Pool => {
  const peers: Peer[] = []
  const users = { count: 0 }
  const peer = (i: number): Peer => {
    const there = peers[i]
    if (there?.isAlive()) return there
    const fresh = startPeer(start)
    peers[i] = fresh
    return fresh
  }
  const busy: Promise<unknown>[] = []
  const inTurn = <A>(workers: ReadonlyArray<number>, body: () => Promise<A>): Promise<A> => {
    const result = Promise.all(workers.map(worker => busy[worker])).then(body)
    workers.forEach(worker => (busy[worker] = result.catch(() => undefined)))
    return result
  }
  const living = (): ReadonlyArray<Peer> => peers.filter(one => one.isAlive())

  return {
    start: async workers => {
      try {
        const reasons = await Promise.all(Array.from({ length: workers }, (_, i) => peer(i).up))
        return reasons.find(reason => reason !== undefined)
      } catch (thrown) {
        return messageOf(thrown)
      }
    },
    run: (program, tasks) =>
      inTurn(
        tasks.map(({ worker }) => worker),
        async () => {
          const outcomes = await runShards(program, tasks, (worker, ask) => peer(worker).ask(program, ask))
          return resultsOf(
            tasks.map(({ worker }) => worker),
            outcomes,
          )
        },
      ),
    retain: () => void (users.count += 1),
    release: () => {
      users.count -= 1
      if (users.count > 0) return
      living().forEach(({ terminate }) => terminate())
      peers.length = 0
    },
    forget: program => living().forEach(({ forget }) => forget(program)),
    size: () => living().length,
  }
}

const resultsOf = (
  workers: ReadonlyArray<number>,
  outcomes: ReadonlyArray<readonly [ShardOutcome, ShardOutcome]>,
): ReadonlyArray<ArrayBuffer> => {
  const error = outcomes.flatMap(([first, last], i) => errorOf(workers[i]!, first, last) ?? [])[0]
  if (error !== undefined) throw new Error(`parallel: ${error}`)
  return outcomes.flatMap(([, last]) => (last.kind === 'done' ? (last.results ?? []) : []))
}

const errorOf = (worker: number, first: ShardOutcome, last: ShardOutcome): string | undefined => {
  const expected = `expected worker ${worker} to give results, got`
  switch (last.kind) {
    case 'failed':
      return `${expected} an error: ${last.error}`
    case 'died': {
      const before = first.kind === 'died' ? first.reason : ''
      return `${expected} its end (${before}), and that of the worker in its place (${last.reason})`
    }
    case 'done':
    case 'left': // another worker's error tells why
      return undefined
  }
  return last satisfies never
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const memory: { pool?: Pool } = {}

/** The pool of this process. */
export const pool = (): Pool => (memory.pool ??= createPool(spawn))
