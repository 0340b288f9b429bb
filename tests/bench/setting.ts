import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import type { Setting } from './measurement.ts'
import { pinning } from './process.ts'

const { resolve } = createRequire(import.meta.url)

const versionOf = (name: string): string => {
  let folder = dirname(resolve(name))
  for (;;)
    try {
      const { name: found, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version?: string }
      if (found === name) return version!
      throw new Error('a package within the package')
    } catch {
      folder = dirname(folder)
    }
}

/** The machine and the versions, as they are printed with the results. */
export const settingOf = (command: string, threads: number, quick: boolean): Setting => ({
  command,
  date: new Date().toISOString().slice(0, 10),
  commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  node: process.versions.node,
  pinning,
  threads,
  quick,
  packages: Object.fromEntries(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', '@jax-js/jax'].map(n => [n, versionOf(n)])),
})
