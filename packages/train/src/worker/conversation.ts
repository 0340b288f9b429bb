import type { News, Question, Reply, Request } from './messages.ts'
import { receivedError } from './sent-error.ts'
import { afterLock, listen } from './worker-like.ts'
import type { WorkerLike } from './worker-like.ts'

/** Questions to a worker and its answers. */
export interface Conversation {
  /**
   * The answer to a question.
   *
   * @throws the worker's error, or an Error that says how the worker ended
   */
  readonly ask: (question: Question, transfer?: ReadonlyArray<ArrayBuffer>, onNews?: (news: News) => void) => Asked
  /** Ends the worker: whatever was asked is answered by an error. */
  readonly end: (reason: string) => void
}

/** A question that was asked: its number, and its answer to come. */
export interface Asked {
  readonly id: number
  readonly answer: Promise<unknown>
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly onNews: ((news: News) => void) | undefined
}

/** Waits for a worker to be up, at most so many seconds. */
export const converse = async (worker: WorkerLike, seconds: number): Promise<Conversation> => {
  const waiting = new Map<number, Waiting>()
  const state: { last: number; ended: string | undefined } = { last: 0, ended: undefined }
  const watch = new AbortController()
  const start = deferred<string | undefined>()

  const end = (reason: string): void => {
    if (state.ended !== undefined) return
    state.ended = reason
    watch.abort()
    void worker.terminate()
    start.reject(endOf(reason))
    waiting.forEach(({ reject }) => reject(endOf(reason)))
    waiting.clear()
  }
  const settle = (id: number, how: (one: Waiting) => void): void => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (one !== undefined) how(one)
  }
  const said = (message: unknown): void => {
    if (!isReply(message) || state.ended !== undefined) return
    switch (message.diffeo) {
      case 'up':
        return start.resolve(message.lock)
      case 'news':
        return waiting.get(message.id)?.onNews?.(message.news)
      case 'done':
        return settle(message.id, ({ resolve }) => resolve(message.value))
      case 'failed':
        return settle(message.id, ({ reject }) => reject(receivedError(message.error)))
    }
  }
  listen(worker, { said, died: end })
  const limit = setTimeout(() => end(`it did not call serveWorker within ${seconds} s`), 1000 * seconds)
  const lock = await start.promise.finally(() => clearTimeout(limit))
  if (lock !== undefined) afterLock(lock, () => end('it closed itself or was killed'), watch.signal)

  return {
    ask: (question, transfer = [], onNews) => {
      const id = ++state.last
      const answer = new Promise<unknown>((resolve, reject) => {
        if (state.ended !== undefined) throw endOf(state.ended)
        worker.postMessage({ diffeo: 'ask', id, question } satisfies Request, [...transfer])
        waiting.set(id, { resolve, reject, onNews })
      })
      return { id, answer }
    },
    end,
  }
}

const endOf = (reason: string): Error => new Error(`worker: expected an answer, got its end: ${reason}`)

const isReply = (message: unknown): message is Reply => {
  const { diffeo } = Object(message) as { readonly diffeo?: unknown }
  return diffeo === 'up' || diffeo === 'news' || diffeo === 'done' || diffeo === 'failed'
}

interface Deferred<A> {
  readonly promise: Promise<A>
  readonly resolve: (value: A) => void
  readonly reject: (error: Error) => void
}

const deferred = <A>(): Deferred<A> => {
  const parts: { resolve?: (value: A) => void; reject?: (error: Error) => void } = {}
  const promise = new Promise<A>((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return { promise, resolve: value => parts.resolve!(value), reject: error => parts.reject!(error) }
}
