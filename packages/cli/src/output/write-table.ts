import { CliError, exitCode } from '../failure.ts'
import type { Io } from '../io.ts'
import { mention } from '../io.ts'
import type { Matrix } from '@diffeo/train'
import type { Texts } from './csv.ts'
import { formatOf, fileTable, stdoutTable } from './table-writer.ts'
import { filePlace } from './place.ts'

/** Where a table goes: a file, or stdout where there is no path. */
export interface Target {
  readonly path: string | undefined
  readonly force: boolean
  readonly inputs: ReadonlyArray<string>
}

/**
 * Looks at the place now, and gives what writes chunks of rows to it later. Ctrl-C leaves nothing behind.
 *
 * @returns a function that resolves to the number of rows written
 * @throws CliError when the place cannot be written to
 */
export const tableTo = async (
  io: Io,
  { path, force, inputs }: Target,
): Promise<(columns: ReadonlyArray<string>, chunks: AsyncIterable<Matrix>, texts?: Texts) => Promise<number>> => {
  const format = path === undefined ? undefined : formatOf('--output', path)
  const place = path === undefined ? undefined : await filePlace({ flag: '--output', path, cwd: io.cwd, force, inputs })
  return async (columns, chunks, texts) => {
    const stopped = { yes: false }
    const forget = io.onInterrupt(() => {
      stopped.yes = true
    })
    const table =
      place === undefined || format === undefined ? stdoutTable(io, columns, texts) : await fileTable(place, format, columns, texts)
    let rows = 0
    try {
      for await (const chunk of chunks) {
        if (stopped.yes) throw new CliError('interrupted; nothing was written', exitCode.interrupted)
        await table.write(chunk)
        rows += chunk.rows
      }
      await table.finish()
    } catch (thrown) {
      await table.abandon()
      throw thrown
    } finally {
      forget()
    }
    if (path !== undefined) mention(io.stderr, `wrote ${rows} rows to ${path}\n`)
    return rows
  }
}
