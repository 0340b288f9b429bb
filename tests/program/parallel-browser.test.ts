import { parallel } from '@diffeo/program'
import { equal, ok, suite, useTestBackend } from '@diffeo/testing'
import { features, useWasmCompiler } from '@diffeo/wasm'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { build } from 'esbuild'
import { resolveObjectURL } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import { Worker as NodeWorker } from 'node:worker_threads'

/** A page's global scope, in a thread: without `process`, messages as a Web Worker has them. */
const page = `
const { parentPort } = require('node:worker_threads')
globalThis.postMessage = (message, transfer) => parentPort.postMessage(message, transfer)
parentPort.on('message', data => globalThis.onmessage({ data }))
delete globalThis.process
`
const urls: string[] = []

class WebWorker {
  onmessage?: (event: { readonly data: unknown }) => void
  onerror?: (event: { readonly message: string; readonly preventDefault: () => void }) => void
  readonly thread: Promise<NodeWorker>
  constructor(url: string) {
    urls.push(url)
    this.thread = resolveObjectURL(url)!
      .text()
      .then(text => {
        const thread = new NodeWorker(`${page};{${text}}`, { eval: true, execArgv: [] })
        thread.on('message', data => this.onmessage!({ data }))
        thread.on('error', ({ message }) => this.onerror!({ message, preventDefault: () => undefined }))
        return thread
      })
  }
  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    void this.thread.then(thread => thread.postMessage(message, transfer))
  }
  terminate(): void {
    void this.thread.then(thread => thread.terminate())
  }
}

/** Runs the body where nothing of Node is to be found. */
const inPage = async <A>(Worker: unknown, body: () => Promise<A>): Promise<A> => {
  const { getBuiltinModule } = process
  Object.assign(process, { getBuiltinModule: undefined })
  Object.assign(globalThis, { Worker })
  try {
    return await body()
  } finally {
    Object.assign(process, { getBuiltinModule })
    Object.assign(globalThis, { Worker: undefined })
  }
}

const s = suite('parallel in a page')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
  features()
})

const double = (a: Tensor): Tensor => tf.mul(a, 2)
const options = { workers: 2, shard: [0], reduce: 'concat' } as const

s.test('workers come from a blob, which is given back', () =>
  inPage(WebWorker, async () => {
    const f = parallel(double, options)
    for (const scale of [1, 2, 3])
      equal([...(await f(tf.mul(tf.tensor1d([1, 2, 3]), scale))).dataSync()], [2 * scale, 4 * scale, 6 * scale])
    f.dispose()
    equal(urls.length, 2)
    ok(urls.every(url => url.startsWith('blob:') && resolveObjectURL(url) === undefined))
  }),
)

s.test('where the page forbids workers from blobs, the caller runs the shards and says what to do', async () => {
  class Blocked {
    onerror?: (event: { readonly message: string; readonly preventDefault: () => void }) => void
    constructor() {
      setTimeout(() => this.onerror!({ message: '', preventDefault: () => undefined }))
    }
    postMessage(): void {}
    terminate(): void {}
  }
  await inPage(Blocked, async () => {
    const warnings: string[] = []
    const f = parallel(double, { ...options, warn: text => void warnings.push(text) })
    equal([...(await f(tf.tensor1d([1, 2, 3]))).dataSync()], [2, 4, 6])
    f.dispose()
    equal(warnings.length, 1)
    ok(warnings[0]!.endsWith('no worker; the page needs `worker-src blob:` where it has a content security policy'), warnings[0])
  })
})

s.test('a bundler for browsers finds nothing of Node', async () => {
  const { metafile, warnings } = await build({
    entryPoints: [fileURLToPath(new URL('../../packages/wasm/src/index.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    external: ['@tensorflow/*'],
    logLevel: 'silent',
  })
  equal(warnings, [])
  const external = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external).map(({ path }) => path),
  )
  equal([...new Set(external)], ['@tensorflow/tfjs-core'])
})

s.run()
