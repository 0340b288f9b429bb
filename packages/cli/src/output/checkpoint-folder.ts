import { readdirSync, rmSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The names that the library gives its checkpoints. */
const pattern = /^step-\d{9}\.safetensors$/

/** The checkpoints in a folder; none where there is no such folder. */
export const checkpointsIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const names = await readdir(folder).catch((): ReadonlyArray<string> => [])
  return names.filter(name => pattern.test(name))
}

/** Removes the checkpoints in a folder; other files stay. At once: a new run's own may come in the next moment. */
export const removeCheckpoints = (folder: string): void => {
  const names = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isFile() && pattern.test(entry.name))
  names.forEach(({ name }) => rmSync(join(folder, name), { force: true }))
}

/** Removes the checkpoints in a folder, and the folder if nothing else is in it. */
export const removeCheckpointFolder = async (folder: string): Promise<void> => {
  if ((await checkpointsIn(folder)).length > 0) removeCheckpoints(folder)
  await rmdir(folder).catch(() => undefined)
}
