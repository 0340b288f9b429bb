/**
 * Writes packages/diffeo/dist/static: diffeo and tfjs in ES modules that a page imports by their address, for pages without a bundler. `webgl.js` and
 * `webgpu.js` beside it register these backends. Run when the package is packed.
 */
import { build } from 'esbuild'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../packages/diffeo/src', import.meta.url))
const target = fileURLToPath(new URL('../packages/diffeo/dist/static', import.meta.url))

/** Bundles the modules of a page without a bundler into a folder. */
export const writeStatic = async (folder: string): Promise<void> => {
  rmSync(folder, { recursive: true, force: true })
  await build({
    entryPoints: { diffeo: `${source}/browser.ts`, webgl: '@tensorflow/tfjs-backend-webgl', webgpu: '@tensorflow/tfjs-backend-webgpu' },
    outdir: folder,
    absWorkingDir: fileURLToPath(new URL('../packages/diffeo', import.meta.url)),
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'linked',
    logLevel: 'error',
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeStatic(target)
