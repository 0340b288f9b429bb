import { startPeer } from './peer.ts'
import type { Outcome, Peer, Task, WorkerProgram } from './peer.ts'
import { spawn } from './spawn.ts'
import type { Spawn } from './spawn.ts'

/** The workers of this process, by their numbers from 0; they are started when they are asked for, and shared by all programs. */
export interface Pool {
  /** Starts so many workers, where they do not run yet. Gives the reason why one cannot run, if there is one. */
  readonly start: (workers: number) => Promise<string | undefined>
  /**
   * The results of a call. A worker that dies is replaced and the call made again, once.
   *
   * @throws Error when the worker dies again, or the program fails
   */
  readonly run: (worker: number, task: Task) => Promise<ArrayBuffer>
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
    run: async (worker, task) => {
      const first = await peer(worker).run(task)
      const last = first.kind === 'died' ? await peer(worker).run(task) : first
      return resultsOf(worker, first, last)
    },
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

const resultsOf = (worker: number, first: Outcome, last: Outcome): ArrayBuffer => {
  switch (last.kind) {
    case 'done':
      return last.results
    case 'failed':
      throw new Error(`parallel: expected worker ${worker} to give results, got an error: ${last.error}`)
    case 'died': {
      const before = first.kind === 'died' ? first.reason : ''
      throw new Error(
        `parallel: expected worker ${worker} to give results, got its end (${before}), and that of the worker in its place (${last.reason})`,
      )
    }
  }
  return last satisfies never
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const memory: { pool?: Pool } = {}

/** The pool of this process. */
export const pool = (): Pool => (memory.pool ??= createPool(spawn))
