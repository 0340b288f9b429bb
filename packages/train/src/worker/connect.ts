import type { FitOptions, StepProgress } from '../fit/options.ts'
import type { Data } from '../model/contract.ts'
import { converse } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import type { News, SentModel, SentOptions, Told } from './messages.ts'
import { remoteModel } from './remote-model.ts'
import type { RemoteModel } from './remote-model.ts'
import { sentRows } from './rows.ts'
import type { WorkerLike } from './worker-like.ts'

/** How a worker is started. */
export interface ConnectOptions {
  /** The tfjs backend of the worker, such as 'webgl'; its own choice unless said. */
  readonly backend?: string
  /** Seconds until a worker that has not called `serveWorker` is given up. Default 60. */
  readonly timeout?: number
}

/** What a fit in a worker can be told: all that `fit` can, but for functions that run in the worker, which `serveWorker` takes. */
export interface RemoteFitOptions<V = unknown> extends SentOptions, Pick<FitOptions, Told | 'signal'> {
  /** Gets what the worker's `view` computes of the model while it is trained, at most every `modelEvery` seconds. */
  readonly onView?: (view: V, progress: StepProgress) => void
  /** What `view` is given. */
  readonly view?: unknown
}

/** A worker that fits and holds models. `V` is what its `view` gives. */
export interface WorkerConnection<V = unknown> {
  /** The tfjs backend of the worker. */
  readonly backend: string
  /**
   * `fit` in the worker. An abort by the signal ends it as it ends `fit`: the model is then the best so far.
   *
   * @throws what `fit` throws, as an error of the same class; Error when the worker ends; TypeError when an option cannot be sent
   */
  fit(data: Data, options?: RemoteFitOptions<V>): Promise<RemoteModel<V>>
  /**
   * A model from the bytes of its file.
   *
   * @throws ModelFileError naming the path in it of what is wrong
   */
  load(bytes: Uint8Array, options?: { readonly jit?: boolean; readonly deterministic?: boolean }): Promise<RemoteModel<V>>
  /** Ends the worker at once; what was asked of it is rejected. */
  terminate(): void
}

/**
 * A connection to a worker whose script calls `serveWorker`: fits run there, and this thread stays free. Web Workers and Node's threads alike.
 *
 * @throws Error when the worker does not start, or the backend does not start in it
 * @example
 * const worker = await connectWorker(new Worker(new URL('./fit.worker.ts', import.meta.url), { type: 'module' }))
 * const model = await worker.fit(rows, { flow: nsf(), onEpoch: ({ validation }) => console.log(validation) })
 */
export const connectWorker = async <V = unknown>(
  worker: WorkerLike,
  { backend, timeout = 60 }: ConnectOptions = {},
): Promise<WorkerConnection<V>> => {
  const conversation = await converse(worker, timeout)
  try {
    const started = (await conversation.ask({ what: 'start', backend }).answer) as string // the backend's name
    return connection(conversation, started)
  } catch (thrown) {
    conversation.end('it did not start')
    throw thrown
  }
}

const connection = <V>(conversation: Conversation, backend: string): WorkerConnection<V> => ({
  backend,
  fit: async (data, options = {}) => {
    const { signal } = options
    const rows = await sentRows(data)
    const moved = 'values' in rows ? [rows.values.buffer as ArrayBuffer] : [] // collected for this message alone
    const views = options.onView === undefined ? undefined : { request: options.view }
    const { id, answer } = conversation.ask({ what: 'fit', rows, options: sendable(options), views }, moved, hearer(options))
    const abort = (): void => void conversation.ask({ what: 'abort', fit: id }).answer.catch(() => undefined)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    try {
      return remoteModel<V>(conversation, (await answer) as SentModel) // what a fit answers
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  },
  load: async (bytes, options = {}) =>
    remoteModel<V>(conversation, (await conversation.ask({ what: 'load', bytes, options }).answer) as SentModel), // what a load answers
  terminate: () => conversation.end('it was terminated'),
})

/** What stays on this side. */
const callbacks: ReadonlySet<string> = new Set<keyof RemoteFitOptions>([
  'onStart',
  'onCompiled',
  'onStep',
  'onEpoch',
  'onPhase',
  'onWarning',
  'onView',
  'view',
  'signal',
])

/** Options without callbacks. */
const sendable = <V>(options: RemoteFitOptions<V>): SentOptions => {
  const rest = Object.entries(options).filter(([name]) => !callbacks.has(name))
  const wrong = rest.find(([, value]) => isFunction(value) || Object.values(Object(value)).some(isFunction))
  if (wrong === undefined) return Object.fromEntries(rest)
  throw new TypeError(`fit in a worker: expected options that can be sent, got a function in ${wrong[0]}; give it to serveWorker`)
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

/** Calls the callbacks that news are for. */
const hearer =
  <V>(options: RemoteFitOptions<V>) =>
  ({ event, values }: News): void => {
    if (event === 'onView') return options.onView?.(values[0] as V, values[1] as StepProgress) // what `serveWorker` posts
    const hear = options[event] as ((value: unknown) => void) | undefined // its own argument
    if (hear !== undefined) values.forEach(hear)
  }
