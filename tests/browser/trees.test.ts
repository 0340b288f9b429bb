import { encodeTree, report, treeFromBytes, treeToBytes } from '@diffeo/codec'
import { readFileBounded, writeFileAtomic } from '@diffeo/codec/node'
import { build, key, leaves, nsf } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { equal, ok, useTestBackend } from '@diffeo/testing'
import { tensor, tidy } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { browserSuite } from './browser-suite.ts'
import { fromText, toText } from './bytes.ts'
import { startChromium, visit } from './visit.ts'
import type { Visit } from './visit.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const throughThread = async (bytes: Uint8Array): Promise<Uint8Array> => {
  // a thread does not begin in TypeScript: the loader goes first
  const [loader, entry] = [import.meta.resolve('tsx/esm/api'), new URL('tree-thread.ts', import.meta.url).href]
  const begin = `import { register } from '${loader}'; register(); await import('${entry}')`
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(begin)}`))
  thread.postMessage(bytes)
  const [back] = (await once(thread, 'message')) as [Uint8Array]
  await thread.terminate()
  return back
}

const folder = mkdtempSync(join(tmpdir(), 'diffeo-trees-'))
const throughFile = async (bytes: Uint8Array): Promise<Uint8Array> => {
  await writeFileAtomic(join(folder, 'tree.safetensors'), bytes)
  const back = await readFileBounded(join(folder, 'tree.safetensors'))
  if (E.isLeft(back)) throw new Error(report(back.left))
  return back.right
}

const browser = await startChromium()
const s = browserSuite('parameter trees across threads, pages and workers', browser)
const state: { visit?: Visit } = {}

s.before(async () => {
  if ('missing' in browser) return
  await useTestBackend('cpu')
  state.visit = await visit(browser, pathOf('tree-page.ts'), { programs: { '/worker.js': pathOf('tree-worker.ts') } })
})
s.after(async () => {
  await state.visit?.close()
  rmSync(folder, { recursive: true })
})

const trees: ReadonlyArray<readonly [string, () => Params]> = [
  ['a spline flow', () => build(nsf({ layers: 3, hidden: [16] }), { event: [4], context: [2] }).init(key(0))],
  [
    'special values',
    () =>
      tidy(() => ({
        a: tensor([0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-40, 3.4e38, 0.1]),
        b: [{}, [], tensor([[1, 2]])],
        '0': tensor(7),
      })),
  ],
]

trees.forEach(([name, make]) =>
  s.test(`${name}: a thread of Node, a page on wasm and cpu, a Web Worker, a file and JSON keep every bit`, async () => {
    const { call } = state.visit!
    const tree = make()
    const sent = treeToBytes(tree)
    const text = toText(sent)
    ok(toText(await throughThread(sent)) === text, 'through a thread')
    for (const backend of ['cpu', 'wasm'] as const) {
      await call('start', backend)
      ok((await call('bytes', text)) === text, `bytes, ${backend}`)
      const json = JSON.stringify(encodeTree(tree))
      ok((await call('json', json)) === json, `JSON, ${backend}`)
    }
    const { text: worked, moved } = await call<{ readonly text: string; readonly moved: boolean }>('worker', text)
    ok(worked === text, 'through a Web Worker')
    ok(moved, 'the buffer is moved, not copied')
    const back = await throughFile(await throughThread(fromText(worked)))
    ok(toText(back) === text, 'through a file')
    const decoded = treeFromBytes(back)
    if (E.isLeft(decoded)) throw new Error(report(decoded.left))
    equal(
      leaves(decoded.right).map(leaf => leaf.shape),
      leaves(tree).map(leaf => leaf.shape),
    )
    leaves(tree).forEach(leaf => leaf.dispose())
    leaves(decoded.right).forEach(leaf => leaf.dispose())
  }),
)

s.run()
