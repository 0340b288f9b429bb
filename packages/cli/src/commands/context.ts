import { resolve } from 'node:path'
import type { Io } from '../io.ts'
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

/** Runs `body` with a model from a file, and frees it. */
export const withModel = async <A>({ io, library }: Context, path: string, body: (model: Model) => Promise<A>): Promise<A> => {
  const model = await library.loadModel(resolve(io.cwd, path))
  try {
    return await body(model)
  } finally {
    model.dispose()
  }
}
