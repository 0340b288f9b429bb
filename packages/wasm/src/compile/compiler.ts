import { currentCompiler, setCompiler } from '@diffeo/program'
import type { CompileOptions, Compiler, DType, Program } from '@diffeo/program'
import { features, mayCompile } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { loopOps } from '../fused/emitters.ts'
import { storage } from '../backend/storage.ts'
import { pool } from '../parallel/pool.ts'
import { workerExecutable } from '../parallel/worker-executable.ts'
import { compileProgram } from './compile.ts'
import { hasKernel } from './custom-step.ts'
import { executable } from './executable.ts'

const arithmeticOf = ({ deterministic }: Pick<CompileOptions, 'deterministic'>): Arithmetic =>
  !deterministic && features().relaxedSimd ? relaxed : plain

/** Compiled code needs neither of these backends; on a GPU the eager ops stay. */
const served: ReadonlyArray<string> = ['cpu', 'wasm', 'diffeo']

/** Compiles programs to WebAssembly SIMD. */
export const wasmCompiler: Compiler = {
  serves: backendName => served.includes(backendName) && mayCompile(),
  hasKernel: node => hasKernel(plain, node),
  joinsLoops: node => node.op === 'custom' && loopOps.has(node.name),
  compile: (program: Program, options) => {
    const compiled = compileProgram(program, arithmeticOf(options))
    return executable(program, compiled, new WebAssembly.Module(compiled.code), options)
  },
  compileAsync: async (program, options) => {
    const compiled = compileProgram(program, arithmeticOf(options))
    return executable(program, compiled, await WebAssembly.compile(compiled.code), options)
  },
  workers: {
    compile: (program, options, parts) => workerExecutable(program, compileProgram(program, arithmeticOf(options)), pool(), parts),
    view: tensor => {
      const { runtime, bring } = storage()
      return runtime.view(bring(tensor), tensor.size, tensor.dtype as DType)
    },
    tensor: ({ shape, dtype }, write) => {
      const { runtime, tensorAt } = storage()
      const count = shape.reduce((n, size) => n * size, 1)
      const address = runtime.allocate(4 * count)
      write(runtime.view(address, count, dtype))
      return tensorAt(address, shape, dtype)
    },
  },
}

/** Lets `jit` compile to WebAssembly. Calling it again changes nothing; a compiler that was set otherwise stays. */
export const useWasmCompiler = (): void => {
  if (currentCompiler() === undefined) setCompiler(wasmCompiler)
}
