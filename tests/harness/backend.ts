import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'

/** Switches the tfjs backend for the tests of this process. */
export const useTestBackend = async (name: 'cpu' | 'wasm' = 'cpu'): Promise<void> => {
  if (!(await tf.setBackend(name))) throw new Error(`the tfjs backend '${name}' did not start`)
  await tf.ready()
}

/** Runs `body` and fails unless the number of live tensors grows by exactly `outputs`. */
export const allocates = <A>(outputs: number, body: () => A): A => {
  const before = tf.memory().numTensors
  const result = body()
  const grown = tf.memory().numTensors - before
  if (grown !== outputs) throw new Error(`expected ${outputs} new tensors, got ${grown}`)
  return result
}
