import { engine } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Node, Program, Type } from '../program.ts'
import type { Data } from '../values.ts'

/** What a compiled program is called with: a tensor, a number (a float32 scalar) or a key (int32[2]). */
export type ProgramInput = Tensor | number | Uint32Array

/** How a program is compiled. */
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
  /** Whether a custom op's composite, all elementwise, is to run in the loops around it: it is one node while passes make the program smaller. */
  joinsLoops(node: Node): boolean
  compile(program: Program, options: CompileOptions): Executable
  /** As `compile`, without blocking while the engine compiles. */
  compileAsync(program: Program, options: CompileOptions): Promise<Executable>
  /** What `parallel` needs; without it the shards run one after the other. */
  readonly workers?: Workers
}

/** A program that workers run, each in a memory of its own, from numbers to numbers. */
export interface WorkerExecutable {
  /** The ops in it that only the caller can run; where there are some, it must not be called. */
  readonly hosts: ReadonlyArray<string>
  /** Starts so many workers, where they do not run yet. Gives the reason why they cannot run, if there is one. */
  start(workers: number): Promise<string | undefined>
  /**
   * The numbers of the results of each shard, in order. Workers that are done with theirs run parts of others', and the numbers are the same. A
   * worker that dies is replaced, and what it had run is run again, once.
   *
   * @throws Error when it dies again, or fails
   */
  call(shards: ReadonlyArray<ShardInputs>): Promise<ReadonlyArray<ShardNumbers>>
  report(): CompileReport
  /** Frees what workers have of it, once no call is under way; with the last program the workers end. */
  dispose(): void
}

/** A shard's inputs, and the number of the worker that has it. */
export interface ShardInputs {
  readonly worker: number
  readonly inputs: ReadonlyArray<Data>
}

/** The numbers of a shard's results. */
export interface ShardNumbers {
  readonly data: ReadonlyArray<Data>
  /** Says that they have been read: a later call's are written over them. */
  readonly release: () => void
}

/** A shard as so many calls of a program on parts of its rows, whose float32 results are added in the order of the parts. */
export interface Parts {
  readonly count: number
  /** The inputs, by number, that have the rows of all parts. */
  readonly inputs: ReadonlyArray<number>
}

/** Makes programs run in workers. */
export interface Workers {
  compile(program: Program, options: Pick<CompileOptions, 'deterministic'>, parts: Parts): WorkerExecutable
  /** The numbers of a tensor where they lie, to be read at once; those of a bool are 32-bit integers. */
  view(tensor: Tensor): Data
  /** A fresh tensor where compiled programs find its numbers, which `write` puts there; those of a bool are 32-bit integers. */
  tensor(type: Type, write: (to: Data) => void): Tensor
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
