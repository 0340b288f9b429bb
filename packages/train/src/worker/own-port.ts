/** The port of this worker to the thread that made it. */
export interface OwnPort {
  readonly post: (message: unknown, transfer: ReadonlyArray<ArrayBuffer>) => void
  readonly listen: (said: (message: unknown) => void) => void
}

interface NodePort {
  postMessage(message: unknown, transfer: ReadonlyArray<ArrayBuffer>): void
  on(event: 'message', listener: (message: unknown) => void): void
}

interface WebPort {
  postMessage(message: unknown, transfer: ReadonlyArray<ArrayBuffer>): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/**
 * This thread's port.
 *
 * @throws Error where this is no worker
 */
export const ownPort = (): OwnPort => {
  const { process, document } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
    readonly document?: unknown
  }
  // needs no import, so bundlers do not see a Node module
  const threads = process?.getBuiltinModule?.('node:worker_threads') as { readonly parentPort: NodePort | null } | undefined
  if (threads !== undefined && threads.parentPort !== null) {
    const port = threads.parentPort
    return { post: (message, transfer) => port.postMessage(message, transfer), listen: said => port.on('message', said) }
  }
  if (threads !== undefined || document !== undefined)
    throw new Error('serveWorker: expected to be called in a worker, got the main thread; a page calls connectWorker(worker)')
  const scope = globalThis as unknown as WebPort // the global scope of a dedicated worker
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: said => scope.addEventListener('message', ({ data }) => said(data)),
  }
}
