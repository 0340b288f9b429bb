/* A Web Worker that sends trees back. */
import { useBackend } from 'diffeo'
import { echoTree } from './echo-tree.ts'

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: Uint8Array }) => void
  readonly postMessage: (message: unknown, transfer?: ReadonlyArray<ArrayBuffer>) => void
}
const started = useBackend('wasm')
scope.onmessage = ({ data }) =>
  void started
    .then(() => echoTree(data))
    .then(
      back => scope.postMessage(back, [back.buffer]),
      (thrown: unknown) => scope.postMessage(String(thrown)),
    )
