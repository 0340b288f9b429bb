/* Files of Node. What `#files` means: in a page its place is taken by browser.ts. */
import { readFileBounded, removeOrphans, writeFileAtomic } from '@diffeo/codec/node'
import type { DecodeErrors } from '@diffeo/codec'
import type { Either } from 'fp-ts/lib/Either.js'
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Folder } from './folder.ts'

/** The bytes of a model file, by its path. */
export const readModelBytes = (path: string): Promise<Either<DecodeErrors, Uint8Array>> => readFileBounded(path)

/** Writes a file: to a temporary name, synced, then renamed. */
export const writeModelBytes = (path: string, bytes: Uint8Array): Promise<void> => writeFileAtomic(path, bytes)

/** A folder of the file system. */
export const folderAt = (path: string): Folder => ({
  pathOf: name => join(path, name),
  names: () => readdir(path).catch(() => []),
  read: name => readFile(join(path, name)),
  write: async (name, bytes) => {
    await mkdir(path, { recursive: true })
    await writeFileAtomic(join(path, name), bytes)
  },
  remove: name => rm(join(path, name), { force: true }),
  tidy: async () => {
    await mkdir(path, { recursive: true })
    await removeOrphans(path)
  },
})
