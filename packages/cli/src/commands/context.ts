import { resolve } from 'node:path'
import type { Io } from '../io.ts'
import type { Option } from 'commander'
import { flag } from '../flags/options.ts'
import type { Library } from '../library.ts'
import type { Model } from '@diffeo/train'

/** What every command gets beside its flags. */
export interface Context {
  readonly io: Io
  readonly library: Library
  /** The arguments as they were given, to quote them. */
  readonly argv: ReadonlyArray<string>
}

/** A command that was asked for, ready to run; it gives the exit code. */
export type Run = (context: Context) => Promise<number>

/** How a model is run, as flags. */
export interface RunFlags {
  readonly jit?: boolean
  readonly deterministic?: boolean
}

/** The flags of commands that run a model. */
export const runFlags = (): ReadonlyArray<Option> => [
  flag('--no-jit', 'do not compile the flow: sooner done for a few rows, slower for many'),
  flag('--deterministic', 'the same bits on every machine, at some cost in speed'),
]

/** Runs `body` with a model from a file, and frees it. */
export const withModel = async <A>(
  { io, library }: Context,
  path: string,
  { jit, deterministic }: RunFlags,
  body: (model: Model) => Promise<A>,
): Promise<A> => {
  const model = await library.loadModel(resolve(io.cwd, path), {
    ...(jit !== undefined && { jit }),
    ...(deterministic !== undefined && { deterministic }),
  })
  try {
    return await body(model)
  } finally {
    model.dispose()
  }
}
