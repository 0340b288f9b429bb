import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import { useWasmCompiler } from '@diffeo/wasm'
import { env, getBackend, ready, setBackend } from '@tensorflow/tfjs-core'

export type BackendName = 'wasm' | 'cpu'

/**
 * Chooses where tensors live and ops run: `wasm` (the default: WebAssembly SIMD) or `cpu` (plain JavaScript, slow).
 *
 * @throws Error when the backend does not start here
 */
export const useBackend = async (name: BackendName): Promise<void> => {
  // the threaded build hangs in a minified page that is cross-origin isolated
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  if (!(await setBackend(name))) throw new Error(`useBackend: expected '${name}' to start, got no such backend here; try 'cpu'`)
  await ready()
}

useWasmCompiler()
// A program that never chooses gets WASM, before its first tensor.
if (getBackend() !== 'wasm') await useBackend('wasm')
