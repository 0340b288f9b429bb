/* The umbrella: whatever the packages export, under one name. Optimizers stand in a namespace, as optax's names are common words. */
export * from '@diffeo/core'
export * from '@diffeo/train'
/** Codecs for trees, specs and model files (`@diffeo/codec`). */
export * as codec from '@diffeo/codec'
/** Optimizers and schedules (`@diffeo/optim`). */
export * as optim from '@diffeo/optim'
export { jit, parallel, trace } from '@diffeo/program'
export type { CompileReport, Jitted, JitOptions, Parallel, ParallelOptions, Traced } from '@diffeo/program'
/** Programs as data: passes, printing, evaluation (`@diffeo/program`). */
export * as program from '@diffeo/program'
export { useWasmCompiler } from '@diffeo/wasm'
export { useBackend } from './backend/use-backend.ts'
export type { BackendOptions } from './backend/use-backend.ts'
export type { BackendName } from './backend/obstacle.ts'
export { serveWorker } from './worker.ts'
