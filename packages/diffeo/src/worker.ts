import { serveFits } from '@diffeo/train'
import type { ServeOptions } from '@diffeo/train'
import type { BackendName } from './backend/obstacle.ts'
import { useBackend } from './backend/use-backend.ts'

/**
 * Makes this worker one that `connectWorker` can be called for: it fits and holds models, on the backend that the page asks for, else on the
 * one that runs best. Call it once, at the end of the worker's script.
 *
 * @throws Error where this is no worker
 * @example
 * import { serveWorker } from 'diffeo'
 * serveWorker()
 */
export const serveWorker = (options: ServeOptions = {}): void =>
  serveFits({ start: async backend => void (await useBackend((backend ?? 'auto') as BackendName | 'auto')), ...options }) // an unknown name is refused there
