import { jit } from '@diffeo/program'
import { equal, near, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import { useWasmCompiler } from './compiler.ts'

const s = suite('jit')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

s.test('a compiled function gives what it gives eagerly', () => {
  const f = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): { y: tf.Tensor; s: tf.Tensor } => {
    const y = tf.relu(tf.add(tf.matMul(x, w), b))
    return { y, s: tf.sum(tf.exp(tf.neg(y)), 1) }
  }
  const x = tf.randomNormal([5, 3], 0, 1, 'float32', 1)
  const w = tf.randomNormal([3, 7], 0, 1, 'float32', 2)
  const b = tf.randomNormal([7], 0, 1, 'float32', 3)
  const expected = f(x, w, b)
  const g = jit(f)
  const actual = g(x, w, b)
  near(actual.y.dataSync(), expected.y.dataSync(), { atol: 1e-6 })
  near(actual.s.dataSync(), expected.s.dataSync(), { atol: 1e-5 })
  equal(actual.y.shape, [5, 7])
  near(tf.add(actual.y, 1).dataSync(), tf.add(expected.y, 1).dataSync(), { atol: 1e-6 })
  near(g(x, w, b).s.dataSync(), expected.s.dataSync(), { atol: 1e-5 })
})

s.run()
