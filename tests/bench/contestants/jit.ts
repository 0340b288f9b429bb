import { jit } from '@diffeo/program'
import type { CompileReport, JitOptions } from '@diffeo/program'
import { useWasmCompiler } from '@diffeo/wasm'
import type { Facts } from '../work.ts'

/** A function that is called as it was, and what is known of its code. */
export interface Call<A extends ReadonlyArray<unknown>, R> {
  readonly call: (...args: A) => R
  /** Whether it has disposed of the arguments that it may. */
  readonly donates: boolean
  readonly facts: (...args: A) => Facts
}

type Compiled<A extends ReadonlyArray<unknown>, R> = ((...args: A) => R) & { readonly report: (...args: A) => CompileReport | undefined }

/** A function by `jit`. */
export const jitted = <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, options: JitOptions): Call<A, R> => {
  useWasmCompiler()
  const call = jit(f as never, options) as unknown as Compiled<A, R> // arguments and results are trees of tensors here
  return { call, donates: (options.donate ?? []).length > 0, facts: (...args) => factsOf(call.report(...args)) }
}

const factsOf = (report: CompileReport | undefined): Facts => {
  if (report === undefined) return { note: 'runs eagerly' }
  const { lines, codeBytes, arenaBytes, peakBytes } = report
  const onHost = lines.filter(line => line.endsWith(': host')).length
  return { codeBytes, arenaBytes, liveBytes: peakBytes, ...(onHost === 0 ? {} : { note: `${onHost} steps on the host` }) }
}
