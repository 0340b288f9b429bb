export { builder } from './builder.ts'
export type { Builder, Definition } from './builder.ts'
export { evaluate } from './evaluate/evaluate.ts'
export type { Numbers, Precision } from './evaluate/numbers.ts'
export { currentCompiler, setCompiler } from './jit/compiler.ts'
export type {
  CompileOptions,
  CompileReport,
  Compiler,
  Executable,
  Parts,
  ProgramInput,
  ShardInputs,
  ShardNumbers,
  WorkerExecutable,
  Workers,
} from './jit/compiler.ts'
export { jit } from './jit/jit.ts'
export type { Jitted, JitOptions } from './jit/jit.ts'
export { parallel } from './jit/parallel/parallel.ts'
export type { Parallel, ParallelOptions } from './jit/parallel/parallel.ts'
export type { Reduce } from './jit/parallel/reduce.ts'
export { infer } from './infer.ts'
export { inlineCustom } from './passes/inline-custom.ts'
export { optimize } from './passes/optimize.ts'
export { print, toDot } from './print.ts'
export { programsIn } from './bodies.ts'
export type { Binary, Constant, DType, Loop, Node, Primitive, Program, Type, Unary, Value } from './program.ts'
export type { Tracers } from './trace/arguments.ts'
export { decodeProgram } from './serialize/decode.ts'
export { encodeProgram } from './serialize/encode.ts'
export type { EncodedProgram } from './serialize/encode.ts'
export { fuse } from './schedule/fuse.ts'
export type { Step } from './schedule/fuse.ts'
export { memoryPlan } from './schedule/memory-plan.ts'
export type { MemoryPlan, Place } from './schedule/memory-plan.ts'
export { trace } from './trace/trace.ts'
export type { Traced } from './trace/trace.ts'
export { isBinary, isElementwise, isUnary } from './primitives.ts'
export { usesOf } from './schedule/uses.ts'
export type { Uses } from './schedule/uses.ts'
export { sameShape, sizeOf, stridesOf } from './shape.ts'
export { dataOf, typesOf } from './values.ts'
export type { Data } from './values.ts'
