import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Runs a command to its end; its output where it fails. */
export const command = async (folder: string, name: string, ...parameters: ReadonlyArray<string>): Promise<string> => {
  try {
    return (await run(name, parameters, { cwd: folder, maxBuffer: 2 ** 26, shell: process.platform === 'win32' })).stdout
  } catch (thrown) {
    const { stdout = '', stderr = '' } = thrown as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${name} ${parameters.join(' ')}: ${stdout}${stderr}`, { cause: thrown })
  }
}

/** Compiles and packs every package as it would be published; gives the tarballs. */
const pack = async (folder: string): Promise<ReadonlyArray<string>> => {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly packageManager: string }
  await command(root, join(root, 'node_modules/.bin/tsc'), '-b', ...readdirSync(join(root, 'packages')).map(name => `packages/${name}`))
  mkdirSync(folder, { recursive: true })
  await command(root, 'npx', '--yes', packageManager, '--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder)
  return readdirSync(folder).map(name => join(folder, name))
}

/** A project that has installed the packed packages and tfjs-core, and nothing else. */
export const installPacked = async (folder: string): Promise<void> => {
  const tarballs = await pack(join(folder, 'tarballs'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'fresh', private: true, type: 'module' }))
  await command(
    folder,
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    ...tarballs,
    `@tensorflow/tfjs-core@${tfjsVersion()}`,
  )
}

const tfjsVersion = (): string => /'@tensorflow\/tfjs-core': (\S+)/.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))![1]!

/** Writes the files of a project. */
export const writeFiles = (folder: string, files: { readonly [path: string]: string }): void =>
  Object.entries(files).forEach(([path, text]) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  })
