/* A thread of Node that sends trees back. */
import '@tensorflow/tfjs-backend-cpu'
import { parentPort } from 'node:worker_threads'
import { echoTree } from './echo-tree.ts'

parentPort!.on('message', (bytes: Uint8Array) => {
  const back = echoTree(bytes)
  parentPort!.postMessage(back, [back.buffer])
})
