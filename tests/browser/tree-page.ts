/* What tests ask of a page about parameter trees. */
import { decodeTree, encodeTree, report } from '@diffeo/codec'
import { leaves } from '@diffeo/core'
import { useBackend } from 'diffeo'
import type { BackendName } from 'diffeo'
import * as E from 'fp-ts/lib/Either.js'
import { fromText, toText } from './bytes.ts'
import { echoTree } from './echo-tree.ts'

const tasks = {
  start: (name: BackendName) => useBackend(name),
  bytes: (text: string) => toText(echoTree(fromText(text))),
  json: (text: string) => {
    const tree = decodeTree(JSON.parse(text))
    if (E.isLeft(tree)) throw new Error(report(tree.left))
    const back = JSON.stringify(encodeTree(tree.right))
    leaves(tree.right).forEach(leaf => leaf.dispose())
    return back
  },
  /** There and back as transferred buffers; false where a buffer was copied instead. */
  worker: (text: string) =>
    new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' })
      const bytes = fromText(text)
      worker.onerror = event => reject(new Error(event.message))
      worker.onmessage = ({ data }: MessageEvent<Uint8Array | string>) => {
        worker.terminate()
        if (typeof data === 'string') reject(new Error(data))
        else resolve({ text: toText(data), moved: bytes.length === 0 })
      }
      worker.postMessage(bytes, [bytes.buffer])
    }),
}
Object.assign(globalThis, { tasks })
