import { build } from 'esbuild'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** Bytes of a page's scripts: minified, and compressed as servers send them. */
export interface Size {
  readonly minified: number
  readonly gzip: number
  readonly brotli: number
}

/** A page whose size is kept, and the most that it may be, in kB by brotli. */
export interface SizedPage {
  readonly name: string
  readonly code: string
  readonly budget: number
}

/** Pages that load a model and sample from it. */
export const sizedPages: ReadonlyArray<SizedPage> = [
  {
    name: "all of `diffeo`'s backends: `import { loadModel } from 'diffeo'`",
    code: `import { loadModel } from 'diffeo'
const model = await loadModel('model.safetensors')
document.body.textContent = JSON.stringify(await model.sample(5))`,
    budget: 400,
  },
  {
    name: "core, codec and wasm: `import { loadModel } from '@diffeo/train'`, with tfjs' plain backend",
    code: `import '@tensorflow/tfjs-backend-cpu'
import { loadModel } from '@diffeo/train'
const model = await loadModel('model.safetensors')
document.body.textContent = JSON.stringify(await model.sample(5))`,
    budget: 220,
  },
]

/** The size of all that a page may load, its lazy parts included. */
export const sizeOf = async ({ code }: SizedPage, folder: string): Promise<Size> => {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    outdir: folder,
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  })
  const sum = (bytes: (contents: Uint8Array) => number): number => outputFiles.reduce((n, { contents }) => n + bytes(contents), 0)
  return {
    minified: sum(contents => contents.length),
    gzip: sum(contents => gzipSync(contents, { level: 9 }).length),
    brotli: sum(contents => brotliCompressSync(contents).length),
  }
}
