import { mayCompile } from '@diffeo/wasm'
import { env, findBackendFactory } from '@tensorflow/tfjs-core'

/** Where tensors live and ops run. */
export type BackendName = 'wasm' | 'cpu' | 'webgl' | 'webgpu'

/** Why a backend cannot run here and what to do, found out before it is started; undefined where nothing stands against it. */
export const obstacleTo = async (name: BackendName): Promise<string | undefined> => {
  if (name === 'cpu') return undefined
  if (name === 'wasm') return obstacleToWasm()
  if (env().getBool('IS_NODE')) return `Node, which has no ${titles[name]}; use 'wasm'`
  if (name === 'webgpu' && !(await hasAdapter())) return "a browser or a graphics card without WebGPU; use 'wasm' or 'webgl'"
  if (findBackendFactory(name) == null) {
    const module = `@tensorflow/tfjs-backend-${name}`
    return `no such backend; npm install ${module}@^4.22.0 and import '${module}' before`
  }
  return name === 'webgl' ? obstacleToWebgl() : undefined
}

const titles = { webgl: 'WebGL', webgpu: 'WebGPU' } as const

const obstacleToWasm = async (): Promise<string | undefined> => {
  if (typeof WebAssembly === 'undefined') return "an engine without WebAssembly; use 'cpu'"
  if (!mayCompile())
    return "a page that forbids WebAssembly; add 'wasm-unsafe-eval' to script-src of its content security policy, or use 'cpu'"
  return (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? undefined : "an engine whose WebAssembly has no SIMD; use 'cpu'"
}

const hasAdapter = async (): Promise<boolean> => {
  const { gpu } = globalThis.navigator as { readonly gpu?: { readonly requestAdapter: () => Promise<unknown> } }
  return gpu !== undefined && (await gpu.requestAdapter().catch(() => null)) !== null
}

/** The largest finite number of float16 is 65,504, and it keeps three digits: a log-density of it is none. */
const obstacleToWebgl = (): string | undefined => {
  if (env().getNumber('WEBGL_VERSION') === 0) return "a browser without WebGL, or with hardware acceleration switched off; use 'wasm'"
  if (!env().getBool('WEBGL_RENDER_FLOAT32_ENABLED'))
    return "a WebGL that computes in float16 only, whose numbers have three digits and end at 65,504, so that log-densities would be wrong; use 'wasm'"
  return undefined
}
