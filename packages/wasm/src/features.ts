import { assemble } from './asm/assemble.ts'
import { func, get } from './asm/control.ts'
import { f32x4 } from './asm/simd.ts'

/** What the WebAssembly engine can do beyond SIMD. */
export interface Features {
  /** Fused or unfused multiply-add, as the processor likes it (relaxed SIMD). */
  readonly relaxedSimd: boolean
}

const probe = (): boolean =>
  WebAssembly.validate(
    assemble({ exports: { madd: func('madd', [['x', 'v128']], x => f32x4.relaxedMadd(get(x), get(x), get(x)), 'v128') } }),
  )

/** Node's flags of V8; a browser has none. `getBuiltinModule` needs no import, so bundlers do not see a Node module. */
const setFlag = (flag: string): void => {
  const { process } = globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }
  const v8 = process?.getBuiltinModule?.('node:v8') as { readonly setFlagsFromString: (flag: string) => void } | undefined
  v8?.setFlagsFromString(flag)
}

const detect = (): Features => {
  if (probe()) return { relaxedSimd: true }
  setFlag('--experimental-wasm-relaxed-simd') // Node 20 has it, switched off
  return { relaxedSimd: probe() }
}

/** The smallest module. */
const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)

const compiles = (): boolean => {
  try {
    new WebAssembly.Module(empty)
    return true
  } catch {
    return false
  }
}

const memory: { features?: Features; mayCompile?: boolean } = {}

/** Whether WebAssembly is there and may be compiled: the content security policy of a page may forbid it. Found out once. */
export const mayCompile = (): boolean => (memory.mayCompile ??= compiles())

/** What this engine can do, found out once. On Node 20 it switches V8's relaxed SIMD on. */
export const features = (): Features => (memory.features ??= detect())
