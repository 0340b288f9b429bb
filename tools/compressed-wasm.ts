/**
 * Writes packages/diffeo/src/backend/compressed-wasm.ts: the module of tfjs' WebAssembly backend as a text that every bundler takes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'

const target = fileURLToPath(new URL('../packages/diffeo/src/backend/compressed-wasm.ts', import.meta.url))
const resolved = createRequire(target).resolve('@tensorflow/tfjs-backend-wasm')

/** tfjs' module as it stands in its package. */
export const wasmOfPackage = (): Buffer => readFileSync(join(dirname(resolved), 'tfjs-backend-wasm-simd.wasm'))

/** The module that the committed text unpacks to. */
export const wasmOfText = (): Buffer => {
  const [, text = ''] = /= '([^']*)'/.exec(readFileSync(target, 'utf8')) ?? []
  return gunzipSync(Buffer.from(text, 'base64'))
}

const textOf = (wasm: Buffer): string => `/**
 * The module tfjs-backend-wasm-simd.wasm of @tensorflow/tfjs-backend-wasm 4.22.0 (Apache-2.0, Copyright Google LLC), by gzip, in base64. Made by
 * \`node --import tsx tools/compressed-wasm.ts\`.
 */
export const compressedWasm: string = '${gzipSync(wasm, { level: 9 }).toString('base64')}'
`

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, textOf(wasmOfPackage()))
