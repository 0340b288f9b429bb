import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, lstat, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Writes a file so that at every moment, and after a crash or a power loss at any moment, its path holds all of the old contents or all
 * of the new: a temporary file in the same folder, synced, takes the place of the old one, and the folder is synced. The mode of
 * an existing file stays, and a read-only one is an error; where a link stands, the file that it leads to is replaced. When it
 * fails, the old file stays and the temporary one goes.
 *
 * @throws (rejects with) the system's error, whose `code` says what is wrong: ENOSPC, EACCES, ENOENT, ...
 */
export const writeFileAtomic = async (path: string, bytes: Uint8Array): Promise<void> => {
  const target = await realpath(path).catch(() => path)
  const mode = await modeOf(target)
  if (mode !== undefined) await access(target, constants.W_OK)
  const temporary = join(dirname(target), temporaryName(process.pid))
  try {
    await writeSynced(temporary, bytes, mode)
    await rename(temporary, target)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
  await syncFolder(dirname(target))
}

/**
 * Removes the temporary files that `writeFileAtomic` left in a folder when its process was killed. Files of processes that
 * still run, and all files of other programs, stay.
 *
 * @returns the names of the removed files
 * @throws (rejects with) the system's error when the folder cannot be read
 */
export const removeOrphans = async (folder: string): Promise<ReadonlyArray<string>> => {
  const names = (await readdir(folder)).filter(name => writerOf(name) !== undefined)
  const checked = await Promise.all(names.map(async name => ((await isOrphan(folder, name)) ? [name] : [])))
  const orphans = checked.flat()
  await Promise.all(orphans.map(name => rm(join(folder, name), { force: true })))
  return orphans
}

const temporaryName = (pid: number): string => `.diffeo-${pid}-${randomBytes(6).toString('hex')}.tmp`

/** The process that a temporary file is of; undefined when it is none of ours. */
const writerOf = (name: string): number | undefined => {
  const pid = /^\.diffeo-([1-9]\d{0,9})-[0-9a-f]{12}\.tmp$/.exec(name)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const isOrphan = async (folder: string, name: string): Promise<boolean> => {
  const status = await lstat(join(folder, name)).catch(() => undefined)
  if (status?.isFile() !== true) return false
  const writer = writerOf(name)!
  // In a container each run may have the same number: what is older than this process is of an earlier one.
  return writer === process.pid ? status.mtimeMs < performance.timeOrigin : !isRunning(writer)
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // EPERM: it runs, for another user.
    return codeOf(thrown) !== 'ESRCH'
  }
}

const modeOf = async (path: string): Promise<number | undefined> => {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() === true ? status.mode & 0o7777 : undefined
}

const writeSynced = async (path: string, bytes: Uint8Array, mode: number | undefined): Promise<void> => {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    // `open` would have taken the umask off.
    if (mode !== undefined) await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename durable. Windows cannot open folders, and some network file systems cannot sync them. */
const syncFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (thrown) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes(codeOf(thrown) ?? '')) throw thrown
  } finally {
    await folder.close()
  }
}

const codeOf = (thrown: unknown): string | undefined =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
