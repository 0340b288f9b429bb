import { engine, env, findBackendFactory, ready, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core'
import { multipliesRightly } from './gpu-check.ts'
import { obstacleTo } from './obstacle.ts'
import type { BackendName } from './obstacle.ts'
import { locateWasm } from './wasm-file.ts'

/** How a backend is started. */
export interface BackendOptions {
  /**
   * The folder, as a path or an address, that has tfjs' .wasm files. Not needed: Node finds them beside their package, and a page has them in its
   * bundle; for pages whose content security policy forbids `connect-src blob:`.
   */
  readonly wasmFolder?: string
}

/**
 * Chooses where tensors live and ops run, and gives what was chosen.
 *
 * - `wasm`: WebAssembly SIMD; what is jitted is compiled. The fastest for flows of usual sizes.
 * - `cpu`: plain JavaScript, slow op by op, compiled as well where it is jitted. Runs everywhere.
 * - `webgl`, `webgpu`: the graphics card of a browser, op by op. The page imports `@tensorflow/tfjs-backend-webgl` (or `-webgpu`) before.
 * - `auto`, the default: `wasm`, and `cpu` where it does not run.
 *
 * Tensors that live elsewhere stay readable: tfjs moves them when they are used. When it fails, the backend before stays; where there was none,
 * it is `wasm`.
 *
 * @throws Error when the backend does not run here: why, and what to do
 * @example await useBackend()
 */
export const useBackend = async (name: BackendName | 'auto' = 'auto', options: BackendOptions = {}): Promise<BackendName> => {
  if (name === 'auto') return (await failureOf('wasm', options)) === undefined ? 'wasm' : useBackend('cpu')
  if (!names.includes(name)) throw new RangeError(`useBackend: expected one of ${names.join(', ')}, got ${JSON.stringify(name)}`)
  const failure = await failureOf(name, options)
  if (failure !== undefined) throw new Error(`useBackend: expected '${name}' to start, got ${failure}`)
  return name
}

const names: ReadonlyArray<BackendName> = ['wasm', 'cpu', 'webgl', 'webgpu']

/** Starts a backend, or says why it does not start. */
const failureOf = async (name: BackendName, { wasmFolder }: BackendOptions): Promise<string | undefined> => {
  const obstacle = await obstacleTo(name)
  if (obstacle !== undefined) return obstacle
  if (name === 'wasm' && wasmFolder !== undefined) place.folder = wasmFolder
  const before = engine().backendName
  const other = name === 'wasm' ? 'cpu' : 'wasm'
  const problem = await setBackend(name).then(
    started => (started ? undefined : `an error, which stands in the console; use '${other}'`),
    (thrown: unknown) => `the error ${JSON.stringify(thrown instanceof Error ? thrown.message : String(thrown))}; use '${other}'`,
  )
  if (problem === undefined) {
    await ready()
    if (name === 'cpu' || name === 'wasm' || multipliesRightly()) return undefined
  }
  // tfjs keeps the name of a backend that did not start
  if (!(await setBackend(before || other).catch(() => false))) await setBackend('cpu')
  return problem ?? "a graphics device that computes wrong numbers, or was lost; use 'wasm'"
}

const place: { folder?: string } = {}

/** Above those of tfjs' own backends: what is not chosen otherwise runs on `wasm`. */
const priority = 10

/** Lets tfjs' WebAssembly backend find its file, whoever starts it, and makes it the first choice of `ready`. */
export const registerWasm = (): void => {
  // the threaded build hangs in a minified page that is cross-origin isolated
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  const factory = findBackendFactory('wasm')
  if (factory == null || 'wasm' in engine().registry) return
  removeBackend('wasm')
  registerBackend(
    'wasm',
    async () => {
      await locateWasm(place.folder)
      return factory()
    },
    priority,
  )
}
