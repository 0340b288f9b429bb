import { printable } from '@diffeo/codec'
import { DataError, ModelFileError } from '@diffeo/train'

/** How a command ends: as it should, after a breakdown, after bad input, after Ctrl-C. */
export const exitCode = { ok: 0, failed: 1, badInput: 2, interrupted: 130 } as const

/** An error that is told in one line. A class, since only subclasses of Error carry a stack. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
  readonly code: number

  constructor(message: string, code: number = exitCode.badInput) {
    super(message)
    this.code = code
  }
}

/** A flag that is not as it should be: `--epochs: expected a whole number of at least 1, got '-5'`. */
export const flagError = (flag: string, expected: string, actual: string, advice?: string): CliError =>
  new CliError(`${flag}: expected ${expected}, got ${actual}${advice === undefined ? '' : `; ${advice}`}`)

/** What to tell of something that was thrown: one line and an exit code. Nothing when the reader of stdout has gone. */
export const explain = (thrown: unknown): { readonly code: number; readonly line: string | undefined } => {
  if (codeOf(thrown) === 'EPIPE') return { code: exitCode.ok, line: undefined }
  if (thrown instanceof CliError) return { code: thrown.code, line: oneLine(thrown.message) }
  if (thrown instanceof DataError || thrown instanceof ModelFileError) return { code: exitCode.badInput, line: oneLine(thrown.message) }
  const system = systemError(thrown)
  if (system !== undefined) return { code: exitCode.badInput, line: oneLine(system) }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (/^[\w.]+: expected [^]+/.test(message)) return { code: exitCode.badInput, line: oneLine(message) }
  return { code: exitCode.failed, line: `unexpected: ${oneLine(message)}; --debug shows where` }
}

/** Errors of the file system that a person can do something about. */
const systemError = (thrown: unknown): string | undefined => {
  const reason = reasons[codeOf(thrown) ?? '']
  if (reason === undefined) return undefined
  const path = typeof thrown === 'object' && thrown !== null && 'path' in thrown ? `${String(thrown.path)}: ` : ''
  return `${path}${reason}`
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: 'no such file or folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the quota is used up',
  EISDIR: 'expected a file, got a folder',
  ENOTDIR: 'expected a folder, got a file',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many links',
  EMFILE: 'too many open files',
}

/** Why a place cannot be used, in a few words. */
export const reasonOf = (thrown: unknown): string =>
  reasons[codeOf(thrown) ?? ''] ?? (thrown instanceof Error ? oneLine(thrown.message) : String(thrown))

const codeOf = (thrown: unknown): string | undefined =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined

/** The first line, with how many more there are, and nothing in it that a terminal would obey. */
const oneLine = (message: string): string => {
  const lines = message.split('\n').filter(line => line.trim() !== '')
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : ''
  return `${printable(lines[0] ?? 'no message', 2000)}${more}`
}
