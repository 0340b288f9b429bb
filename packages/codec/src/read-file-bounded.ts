import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { failure } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { printable } from './printable.ts'
import { headerLimit } from './safetensors-header.ts'
import { byteBudget } from './tensor-data.ts'

/**
 * Reads a whole file of at most `maxBytes` (what the largest model file has, unless said): the size is looked at before anything is
 * read, through one open file, so that it cannot be exchanged in between. Folders, devices and pipes are errors, and a pipe does
 * not block. Links are followed. The path of an error is the file's.
 */
export const readFileBounded = async (
  path: string,
  maxBytes: number = byteBudget + headerLimit + 8,
): Promise<Either<DecodeErrors, Uint8Array>> => {
  const refuse = (expected: string, actual: string): Either<DecodeErrors, never> => failure([path], expected, actual)
  let file: FileHandle | undefined
  try {
    // Without O_NONBLOCK opening a named pipe would wait for its writer. Windows has no such flag.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = await file.stat()
    if (!status.isFile()) return refuse('a regular file', status.isDirectory() ? 'a folder' : 'a device, pipe or socket')
    if (status.size > maxBytes) return refuse(`a file of at most ${maxBytes} bytes`, String(status.size))
    const bytes = new Uint8Array(status.size + 1)
    const read = await readUpTo(file, bytes)
    if (read !== status.size)
      return refuse(`${status.size} bytes`, `${read > status.size ? 'more' : read}: the file changed while it was read`)
    return E.right(bytes.subarray(0, read))
  } catch (thrown) {
    return refuse('a readable file', printable(thrown instanceof Error ? thrown.message : String(thrown), 200))
  } finally {
    await file?.close()
  }
}

/** Fills the bytes as far as the file goes. */
const readUpTo = async (file: FileHandle, bytes: Uint8Array): Promise<number> => {
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, read)
    if (bytesRead === 0) return read
    read += bytesRead
  }
  return read
}
