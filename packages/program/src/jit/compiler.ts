import { engine } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Node, Program } from '../program.ts'

/** What a compiled program is called with: a tensor, a number (a float32 scalar) or a key (int32[2]). */
export type ProgramInput = Tensor | number | Uint32Array

export interface CompileOptions {
  /** The same bits on every machine: no fused multiply-add. */
  readonly deterministic: boolean
  /** The inputs whose memory results may take. */
  readonly donated: ReadonlyArray<number>
}

/** What was compiled, in numbers and in words. */
export interface CompileReport {
  /** One line for each step, in order. */
  readonly lines: ReadonlyArray<string>
  readonly kernels: number
  readonly codeBytes: number
  /** Memory for what lives between the steps; `peakBytes` is the most of it that lives at once. */
  readonly arenaBytes: number
  readonly peakBytes: number
  readonly constantBytes: number
}

/** A program that runs. */
export interface Executable {
  /** The leaves of the results, fresh tensors, in order. */
  call(inputs: ReadonlyArray<ProgramInput>): ReadonlyArray<Tensor>
  report(): CompileReport
  dispose(): void
}

/** Something that makes programs run. */
export interface Compiler {
  /** Whether compiled code takes the place of eager ops while this tfjs backend is active. */
  serves(backendName: string): boolean
  /** Whether it has a kernel for a custom op; its composite is inlined where it has not. */
  hasKernel(node: Node): boolean
  compile(program: Program, options: CompileOptions): Executable
  /** As `compile`, without blocking while the engine compiles. */
  compileAsync(program: Program, options: CompileOptions): Promise<Executable>
}

const slot: { compiler?: Compiler } = {}

/** Fills the slot for a compiler: `@diffeo/wasm` does, so that this package need not import it. */
export const setCompiler = (compiler: Compiler | undefined): void => {
  if (compiler === undefined) delete slot.compiler
  else slot.compiler = compiler
}

/** The compiler, where one is there. */
export const currentCompiler = (): Compiler | undefined => slot.compiler

/** The compiler, where it serves the active tfjs backend. */
export const activeCompiler = (): Compiler | undefined => {
  const compiler = currentCompiler()
  return compiler?.serves(engine().backendName) ? compiler : undefined
}
