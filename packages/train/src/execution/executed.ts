import { leaves, tidy } from '@diffeo/core'
import type { Params, Tree } from '@diffeo/core'
import { jit } from '@diffeo/program'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Execution } from './execution.ts'

/** A function that is run as an execution says. */
export type Executed<F extends (...args: never[]) => Tree<Tensor>> = F & {
  /** Makes ready for these arguments, where that takes time. Runs nothing. */
  readonly compile: (...args: Parameters<F>) => Promise<void>
  /** Frees what was made ready. */
  readonly dispose: () => void
}

interface ArgumentOptions {
  /** Arguments, by number, that are no tensors, numbers or keys. */
  readonly static?: ReadonlyArray<number>
  /** Arguments, by number, that the call uses up: they are disposed of. */
  readonly donate?: ReadonlyArray<number>
}

/**
 * A pure function of tensors, run as an execution says. The results are the caller's; what is donated is gone after the call.
 *
 * @throws what f throws, and what `jit` says about functions that cannot be traced
 */
export const executed = <F extends (...args: never[]) => Tree<Tensor>>(
  { mode, simd }: Execution,
  f: F,
  options: ArgumentOptions = {},
): Executed<F> =>
  mode === 'jit' ? advised(jit(f, { ...options, deterministic: simd === 'plain', warn: () => undefined })) : eager(f, options)

/** Functions that cannot be traced can still run eagerly: errors say so. */
const advised = <F extends (...args: never[]) => Tree<Tensor>>(f: Executed<F>): Executed<F> => {
  const advise = (thrown: unknown): never => {
    if (!(thrown instanceof Error) || !/^(trace|jit): /.test(thrown.message)) throw thrown
    throw new Error(`${thrown.message}; or run it op by op: jit: false (--no-jit)`, { cause: thrown })
  }
  const call = (...args: Parameters<F>): ReturnType<F> => {
    try {
      return f(...args) as ReturnType<F>
    } catch (thrown) {
      return advise(thrown)
    }
  }
  const compile = (...args: Parameters<F>): Promise<void> => f.compile(...args).catch(advise)
  return Object.assign(call, { compile, dispose: f.dispose }) as unknown as Executed<F> // called as f is
}

const eager = <F extends (...args: never[]) => Tree<Tensor>>(f: F, { donate = [] }: ArgumentOptions): Executed<F> => {
  const call = (...args: ReadonlyArray<unknown>): Tree<Tensor> => {
    const results = tidy(() => (f as unknown as (...args: ReadonlyArray<unknown>) => Tree<Tensor>)(...args)) // called as f is
    donate.forEach(i => leaves(args[i] as Params).forEach(leaf => leaf.dispose()))
    return results
  }
  return Object.assign(call, { compile: async () => undefined, dispose: () => undefined }) as unknown as Executed<F>
}
