/** A worker, as the thread that made it holds it: a Web Worker or a thread of Node. */
export type WorkerLike = WebWorkerLike | NodeWorkerLike

/** What is used of a Web Worker. */
export interface WebWorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  terminate(): void
  addEventListener(type: string, listener: (event: Event) => void): void
}

/** What is used of a worker of `node:worker_threads`. */
export interface NodeWorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  terminate(): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'messageerror', listener: (error: Error) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
}

/** What is heard of a worker. */
export interface Listener {
  readonly said: (message: unknown) => void
  readonly died: (reason: string) => void
}

/** Hears a worker, whichever kind it is. */
export const listen = (worker: WorkerLike, listener: Listener): void =>
  'addEventListener' in worker ? listenWeb(worker, listener) : listenNode(worker, listener)

const listenNode = (worker: NodeWorkerLike, { said, died }: Listener): void => {
  worker.on('message', said)
  worker.on('messageerror', error => died(`a message that could not be read: ${error.message}`))
  worker.on('error', (error: unknown) => died(error instanceof Error ? error.message : String(error)))
  worker.on('exit', code => died(`exit code ${code}`))
}

const listenWeb = (worker: WebWorkerLike, { said, died }: Listener): void => {
  worker.addEventListener('message', event => said((event as MessageEvent<unknown>).data))
  worker.addEventListener('messageerror', () => died('a message that could not be read'))
  worker.addEventListener('error', event => {
    event.preventDefault()
    const { message } = event as Partial<ErrorEvent>
    died(message === undefined || message === '' ? 'no worker: its script or one that it imports could not be loaded' : message)
  })
}

/** The end of a worker that holds a lock for as long as it lives: a page hears of no other end of one that closes itself or is killed. */
export const afterLock = (name: string, ended: () => void, signal: AbortSignal): void => {
  locks()
    ?.request(name, { signal }, ended)
    .catch(() => undefined)
}

/** Takes a lock that ends with this thread, and gives its name, where there are locks. */
export const lifelongLock = (): Promise<string | undefined> => {
  const manager = locks()
  if (manager === undefined) return Promise.resolve(undefined)
  const name = `diffeo ${crypto.randomUUID()}`
  return new Promise(resolve => {
    manager.request(name, () => (resolve(name), new Promise(() => undefined))).catch(() => resolve(undefined))
  })
}

/** Web Locks: in secure contexts of browsers; a thread of Node tells its end itself. */
const locks = (): LockManager | undefined => (globalThis as { readonly navigator?: { readonly locks?: LockManager } }).navigator?.locks
