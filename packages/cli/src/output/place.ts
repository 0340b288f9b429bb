import { randomBytes } from 'node:crypto'
import { open, readdir, realpath, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CliError, flagError, reasonOf } from '../failure.ts'

/** Where a command will write, and what it must leave alone. */
export interface Wish {
  /** The flag that named the place, for errors. */
  readonly flag: string
  readonly path: string
  readonly cwd: string
  /** Whether what is there may be replaced. */
  readonly force: boolean
  /** Files that are read: none of them is ever written over. */
  readonly inputs: ReadonlyArray<string>
}

/**
 * The absolute path of a file that can be written: looked at before the work that makes its content begins.
 *
 * @throws CliError when it exists (without `force`), is an input or a folder, or its folder is missing or cannot be written to
 */
export const filePlace = async ({ flag, path, cwd, force, inputs }: Wish): Promise<string> => {
  if (path === '') throw flagError(flag, 'a file', "''")
  const target = resolve(cwd, path)
  const there = await statOf(target)
  if (there !== undefined) {
    if (there.isDirectory()) throw flagError(flag, 'a file', `the folder '${path}'`)
    if (!there.isFile()) throw flagError(flag, 'a file', `'${path}', which is a device or a pipe`)
    const same = await Promise.all(inputs.map(async input => sameFile(there, await statOf(resolve(cwd, input)))))
    if (same.includes(true)) throw flagError(flag, 'another file than the one that is read', `'${path}'`)
    if (!force) throw flagError(flag, 'a new file', `'${path}', which exists`, '--force replaces it')
  }
  await expectWritable(flag, path, dirname(await realpath(target).catch(() => target)))
  return target
}

/**
 * The absolute path of a folder that can be written to, or made.
 *
 * @param files those that will be written in it
 * @throws CliError when it holds one of them (without `force`), is no folder, or cannot be written to
 */
export const folderPlace = async ({ flag, path, cwd, force }: Wish, files: ReadonlyArray<string>): Promise<string> => {
  if (path === '') throw flagError(flag, 'a folder', "''")
  const target = resolve(cwd, path)
  const there = await statOf(target)
  if (there !== undefined && !there.isDirectory()) throw flagError(flag, 'a folder', `'${path}', which is a file`)
  const names = there === undefined ? [] : await readdir(target)
  const taken = files.find(file => names.includes(file))
  if (taken !== undefined && !force)
    throw flagError(flag, 'a folder without a report', `'${path}', which holds '${taken}'`, '--force replaces it')
  await expectWritable(flag, path, there === undefined ? dirname(target) : target)
  return target
}

/** A name for a file that is being written: the one that `removeOrphans` of @diffeo/codec sweeps up after a crash. */
export const temporaryIn = (folder: string): string => join(folder, `.diffeo-${process.pid}-${randomBytes(6).toString('hex')}.tmp`)

/** Permissions do not tell: root may all, and a read-only mount nothing. So a file is made, and removed. */
const expectWritable = async (flag: string, path: string, folder: string): Promise<void> => {
  const stats = await statOf(folder)
  if (stats === undefined) throw flagError(flag, 'a folder that exists', `'${path}' in '${folder}', which does not`)
  const probe = temporaryIn(folder)
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (thrown) {
    throw new CliError(`${flag}: expected a place that can be written to, got '${path}' (${reasonOf(thrown)})`)
  }
}

type Stats = Awaited<ReturnType<typeof stat>>

const statOf = (path: string): Promise<Stats | undefined> => stat(path).catch(() => undefined)

const sameFile = (a: Stats, b: Stats | undefined): boolean => b !== undefined && a.dev === b.dev && a.ino === b.ino
