import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { DataError } from './error.ts'

/** A regular file as it was when it was first opened; every later reading checks that it is still the same. */
export interface DataFile {
  readonly path: string
  /** The last part of the path, as errors show it. */
  readonly name: string
  readonly size: number
  readonly modified: number
  /** The first bytes, at most 4096. */
  readonly head: Buffer
}

/**
 * Opens a path once to see what it is.
 *
 * @throws DataError when there is no such file, it may not be read, is a directory, a pipe or a device, or is empty
 */
export const inspectFile = async (path: string): Promise<DataFile> => {
  const handle = await opened(path)
  try {
    const { size, mtimeMs } = await handle.stat()
    if (size === 0) throw new DataError({ file: basename(path), expected: 'a table of numbers', actual: 'an empty file' })
    const head = Buffer.alloc(Math.min(size, 4096))
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    return { path, name: basename(path), size, modified: mtimeMs, head: head.subarray(0, bytesRead) }
  } finally {
    await handle.close()
  }
}

/** Reads a file by its positions. */
export interface Reader {
  /** Exactly `length` bytes from `position`. */
  read(position: number, length: number): Promise<Buffer>
}

/**
 * Opens the file for the time that `body` yields.
 *
 * @throws DataError when it is no longer the file that was inspected
 */
export async function* reading<A>(file: DataFile, body: (reader: Reader) => AsyncIterable<A>): AsyncGenerator<A, void, undefined> {
  const handle = await opened(file.path)
  try {
    await expectSame(file, handle)
    yield* body({ read: (position, length) => readExactly(file, handle, position, length) })
    await expectSame(file, handle)
  } finally {
    await handle.close()
  }
}

/**
 * Opens the file for the time that `body` takes.
 *
 * @throws DataError when it is no longer the file that was inspected
 */
export const withReader = async <A>(file: DataFile, body: (reader: Reader) => Promise<A>): Promise<A> => {
  const handle = await opened(file.path)
  try {
    await expectSame(file, handle)
    return await body({ read: (position, length) => readExactly(file, handle, position, length) })
  } finally {
    await handle.close()
  }
}

/** The bytes of a file in order, 64 KiB at a time. */
export const bytesOf = (file: DataFile): AsyncIterable<Buffer> =>
  reading(file, async function* (reader) {
    for (let at = 0; at < file.size; at += blockSize) yield await reader.read(at, Math.min(blockSize, file.size - at))
  })

const blockSize = 65_536

const opened = async (path: string): Promise<FileHandle> => {
  const problem = (expected: string, actual: string): DataError => new DataError({ file: path, expected, actual })
  // without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((thrown: unknown) => {
    throw problem('a file that can be read', reason(thrown))
  })
  const stat = await handle.stat()
  if (stat.isFile()) return handle
  await handle.close()
  throw problem('a file', stat.isDirectory() ? 'a directory' : stat.isFIFO() ? 'a pipe' : stat.isSocket() ? 'a socket' : 'a device')
}

const reason = (thrown: unknown): string => {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  switch (code) {
    case 'ENOENT':
      return 'no such file'
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it'
    case 'EISDIR':
      return 'a directory'
    case 'ENXIO':
      return 'a socket'
    default:
      return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const changed = (file: DataFile): DataError =>
  new DataError({ file: file.name, expected: 'the file to stay as it is while it is read', actual: 'one that changed' })

const expectSame = async (file: DataFile, handle: FileHandle): Promise<void> => {
  const { size, mtimeMs } = await handle.stat()
  if (size !== file.size || mtimeMs !== file.modified) throw changed(file)
}

const readExactly = async (file: DataFile, handle: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) throw changed(file)
    done += bytesRead
  }
  return buffer
}
