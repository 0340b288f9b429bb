import { currentCompiler } from '@diffeo/program'
import { features, useWasmCompiler } from '@diffeo/wasm'
import { getBackend } from '@tensorflow/tfjs-core'
import { describeExecution } from './execution.ts'
import type { Execution } from './execution.ts'

/** What a person may say about how a fit or a model is run. */
export interface ExecutionOptions {
  /** Compile; `false` runs op by op. Default: compile, but for very short fits. */
  readonly jit?: boolean
  /** Plain SIMD: the same bits on every machine, at up to half the speed. Default false. */
  readonly deterministic?: boolean
}

/** What the machine can do. */
export interface Machine {
  /** There is a compiler, and it serves the active backend. */
  readonly compiles: boolean
  readonly relaxedSimd: boolean
}

/** The sizes of a fit. */
export interface Workload {
  readonly steps: number
  /** Rows of a step. */
  readonly rows: number
  /** Values in the flow's parameters. */
  readonly parameters: number
}

/** This machine, with diffeo's compiler unless another one was set. */
export const thisMachine = (): Machine => {
  useWasmCompiler()
  return { compiles: currentCompiler()?.serves(getBackend()) ?? false, relaxedSimd: features().relaxedSimd }
}

/**
 * Whether compiling pays: from 12 steps on, fewer where a step is heavy.
 *
 * Compiling a step, and then scoring and sampling, costs about as much as 5 (splines) to 16 (affine couplings) eager steps: both grow with
 * the number of ops. The arithmetic of a step, 6 rows * parameters, is slow in eager steps alone: at 2^25 it takes as long as all its ops.
 */
export const paysToCompile = ({ steps, rows, parameters }: Workload): boolean => steps * (1 + (rows * parameters) / 2 ** 25) >= 12

/** How a fit is run: what was asked for, as far as the machine can, else by `paysToCompile`. No clock has a say. */
export const chooseExecution = ({ jit, deterministic = false }: ExecutionOptions, machine: Machine, workload: Workload): Execution =>
  executionWith(machine.compiles && (jit ?? paysToCompile(workload)), deterministic, machine)

/** How a model is run: compiled, unless that was asked for otherwise or the machine cannot. */
export const modelExecution = ({ jit = true, deterministic = false }: ExecutionOptions, machine: Machine = thisMachine()): Execution =>
  executionWith(machine.compiles && jit, deterministic, machine)

const executionWith = (compiled: boolean, deterministic: boolean, { relaxedSimd }: Machine): Execution => ({
  mode: compiled ? 'jit' : 'eager',
  simd: compiled && relaxedSimd && !deterministic ? 'relaxed' : 'plain',
  workers: 1,
})

/**
 * How a resumed fit is run: as its checkpoint says.
 *
 * @param chosen what a fit that begins here would be run with
 * @param allowDifferentBits go on with `chosen` where the two differ
 * @throws Error when the machine cannot, or the options ask for something else
 */
export const resumedExecution = (
  stored: Execution,
  chosen: Execution,
  asked: ExecutionOptions,
  machine: Machine,
  allowDifferentBits: boolean,
): Execution => {
  const reason = reasonAgainst(stored, asked, machine)
  if (reason === undefined) return stored
  if (allowDifferentBits) return chosen
  throw new Error(
    `fit: expected to go on as the checkpoint was made (${describeExecution(stored)}), got ${reason}; allowDifferentBits (--allow-different-bits) goes on otherwise (${describeExecution(chosen)}), and the result then differs in its last bits`,
  )
}

const reasonAgainst = (stored: Execution, { jit, deterministic }: ExecutionOptions, machine: Machine): string | undefined => {
  if (stored.mode === 'jit' && jit === false) return 'jit: false (--no-jit)'
  if (stored.mode === 'eager') return jit === true ? 'jit: true (--jit)' : undefined
  if (!machine.compiles) return `the backend '${getBackend()}', which has no compiler`
  if (stored.simd === 'plain') return deterministic === false ? 'deterministic: false' : undefined
  if (deterministic === true) return 'deterministic: true (--deterministic)'
  return machine.relaxedSimd ? undefined : 'a machine without relaxed SIMD'
}
