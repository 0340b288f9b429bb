import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env } from '@tensorflow/tfjs-core'

/** The names under which tfjs looks for its module: without SIMD, with it, and with threads. */
const names = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'] as const

/**
 * Tells tfjs where its WebAssembly module is. Node finds it beside the package. A page has it in the bundle, compressed, so that no bundler needs a
 * plugin and no server a file; `folder` names a place that has tfjs' own files instead.
 */
export const locateWasm = async (folder: string | undefined): Promise<void> => {
  if (folder !== undefined) return setWasmPaths(folder.endsWith('/') ? folder : `${folder}/`)
  if (env().getBool('IS_NODE')) return
  const { compressedWasm } = await import('./compressed-wasm.ts')
  const packed = Uint8Array.from(atob(compressedWasm), character => character.charCodeAt(0))
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
  const module = await new Response(plain, { headers: { 'content-type': 'application/wasm' } }).blob()
  const url = URL.createObjectURL(module)
  setWasmPaths(Object.fromEntries(names.map(name => [name, url])))
}
