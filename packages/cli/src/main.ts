import { exitCode, explain } from './failure.ts'
import { mention, tolerate, write, type Io } from './io.ts'
import { diffeo, type Library } from './library.ts'
import { requestOf } from './program.ts'

/**
 * The `diffeo` command: fit, sample, logprob, inspect, plot. It never throws and never ends the process.
 *
 * @param argv the arguments behind the command's name
 * @returns the exit code: 0 done; 2 bad input, and nothing was written; 130 stopped by Ctrl-C; 1 a breakdown
 * @example process.exitCode = await main(process.argv.slice(2), processIo())
 */
export const main = async (argv: ReadonlyArray<string>, io: Io, library: Library = diffeo): Promise<number> => {
  tolerate(io.stdout)
  tolerate(io.stderr)
  try {
    const request = requestOf(argv)
    if (request._tag === 'run') return await request.run({ io, library, argv })
    await write(io.stdout, request.text)
    return exitCode.ok
  } catch (thrown) {
    const { code, line } = explain(thrown)
    if (line !== undefined) mention(io.stderr, `diffeo: ${line}\n`)
    if (line !== undefined && argv.includes('--debug') && thrown instanceof Error) mention(io.stderr, `${thrown.stack ?? ''}\n`)
    return code
  }
}
