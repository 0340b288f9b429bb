import type { Worker as NodeWorker } from 'node:worker_threads'
import { workerSource } from './worker-source.ts'
import type { Reply, Request } from './worker-source.ts'

/** A worker, as its caller holds it. */
export interface Port {
  readonly post: (request: Request, transfer: ReadonlyArray<ArrayBuffer>) => void
  /** Whether the worker keeps the process alive; a page needs no such thing. */
  readonly hold: (held: boolean) => void
  readonly terminate: () => void
}

/** What a worker tells its caller. */
export interface Listener {
  readonly said: (reply: Reply) => void
  /** It runs no more, or never did. */
  readonly died: (reason: string) => void
}

/** Starts a worker that knows nothing yet; it keeps the process alive until `hold(false)`. */
export type Spawn = (listener: Listener) => Port

/** A thread where Node's are there, else the Web Worker of a page. */
export const spawn: Spawn = listener => {
  const threads = nodeThreads()
  return threads === undefined ? spawnWeb(listener) : spawnNode(threads, listener)
}

interface Threads {
  readonly Worker: typeof NodeWorker
}

/** `getBuiltinModule` needs no import, so bundlers do not see a Node module. */
const nodeThreads = (): Threads | undefined => {
  const { process } = globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }
  return process?.getBuiltinModule?.('node:worker_threads') as Threads | undefined
}

const spawnNode = ({ Worker }: Threads, { said, died }: Listener): Port => {
  // the loaders and flags of the process are not for this code
  const worker = new Worker(workerSource(), { eval: true, execArgv: [], name: 'diffeo' })
  worker.on('message', said)
  worker.on('messageerror', ({ message }) => died(message))
  worker.on('error', ({ message }) => died(message))
  worker.on('exit', code => died(`exit code ${code}`))
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    hold: held => (held ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  }
}

const spawnWeb = ({ said, died }: Listener): Port => {
  const url = URL.createObjectURL(new Blob([workerSource()], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ('up' in data) URL.revokeObjectURL(url)
    said(data)
  }
  worker.onmessageerror = () => died('a message that could not be read')
  worker.onerror = event => {
    event.preventDefault()
    URL.revokeObjectURL(url)
    died(event.message || 'no worker; the page needs `worker-src blob:` where it has a content security policy')
  }
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    hold: () => undefined,
    terminate: () => worker.terminate(),
  }
}
