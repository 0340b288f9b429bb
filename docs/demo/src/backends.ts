/** A backend to pick, and whether training steps are compiled. */
export interface BackendChoice {
  readonly id: string
  readonly title: string
  readonly backend: 'wasm' | 'cpu' | 'webgl' | 'webgpu'
  readonly jit: boolean
}

/** What there is to pick; the first is chosen at first. */
export const backends: ReadonlyArray<BackendChoice> = [
  { id: 'compiled', title: 'Wasm, compiled', backend: 'wasm', jit: true },
  { id: 'wasm', title: 'Wasm, op by op', backend: 'wasm', jit: false },
  { id: 'webgl', title: 'WebGL', backend: 'webgl', jit: false },
  { id: 'webgpu', title: 'WebGPU', backend: 'webgpu', jit: false },
  { id: 'cpu', title: 'JavaScript', backend: 'cpu', jit: false },
]
