import { build } from 'esbuild'
import type { Plugin } from 'esbuild'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
/** Below tests, so that the peers are found. */
const folder = join(here, '../.cache/bench')

/** Packages stay what they are on npm; only our own sources are put together, and tfjs' gradient rules, which Node cannot import. */
const packagesStay: Plugin = {
  name: 'packages stay',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@tensorflow\/tfjs-[a-z-]+$|^@jax-js\// }, ({ path }) => ({ path, external: true }))
  },
}

/** The contestants' programs as plain JavaScript: the loader of the tests names every closure anew, which slows eager code down. */
export const bundled = async (...names: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  rmSync(folder, { recursive: true, force: true })
  await build({
    entryPoints: names.map(name => join(here, `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    plugins: [packagesStay],
    logLevel: 'error',
    logOverride: { 'import-is-undefined': 'silent' },
  })
  return names.map(name => join(folder, `${name}.mjs`))
}
