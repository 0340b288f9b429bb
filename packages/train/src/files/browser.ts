/* What stands for files in a page: addresses to read from, downloads, and the origin's private file system. */
import { failure } from '@diffeo/codec'
import type { DecodeErrors } from '@diffeo/codec'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Folder } from './folder.ts'

/** The bytes of a model file, by its address. */
export const readModelBytes = async (address: string): Promise<Either<DecodeErrors, Uint8Array>> => {
  const refuse = (actual: string): Either<DecodeErrors, never> => failure([address], 'a file that can be fetched', actual)
  try {
    const response = await fetch(address)
    return response.ok ? E.right(new Uint8Array(await response.arrayBuffer())) : refuse(`status ${response.status}`)
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/**
 * Offers a file as a download of this name.
 *
 * @throws Error in a worker, which has no downloads
 */
export const writeModelBytes = async (name: string, bytes: Uint8Array): Promise<void> => {
  if (typeof document === 'undefined')
    throw new Error('save: expected a page, got a worker, which has no downloads; post the bytes of model.encode() to the page')
  const url = URL.createObjectURL(new Blob([bytes.slice()], { type: 'application/octet-stream' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name.split('/').at(-1)! })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000) // the download begins later
}

/** A folder of the private file system that a browser keeps for each origin; pages and workers have it. */
export const folderAt = (path: string): Folder => {
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  const opened = async (create: boolean): Promise<FileSystemDirectoryHandle> => {
    let folder = await navigator.storage.getDirectory()
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create })
    return folder
  }
  return {
    pathOf: name => [...parts, name].join('/'),
    names: async () => {
      const folder = await opened(false).catch(() => undefined)
      const names: string[] = []
      // TypeScript's DOM lacks the iterator of a directory
      const iterable = folder as unknown as { readonly keys: () => AsyncIterable<string> } | undefined
      if (iterable !== undefined) for await (const name of iterable.keys()) names.push(name)
      return names
    },
    read: async name => {
      const handle = await (await opened(false)).getFileHandle(name)
      return new Uint8Array(await (await handle.getFile()).arrayBuffer())
    },
    write: async (name, bytes) => {
      const handle = await (await opened(true)).getFileHandle(name, { create: true })
      const stream = await handle.createWritable()
      await stream.write(bytes.slice())
      await stream.close() // only now takes the file its new contents
    },
    remove: async name => (await opened(false)).removeEntry(name).catch(() => undefined),
    tidy: async () => void (await opened(true)),
  }
}
