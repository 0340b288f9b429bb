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

s.test('the gradient of relu is taken as the product before it is stored, with what is not a number where it was', () => {
  const bent = (x: tf.Tensor, w: tf.Tensor, h: tf.Tensor): { y: tf.Tensor; open: tf.Tensor } => {
    const open = tf.greater(h, 0)
    return { y: tf.where(open, tf.matMul(x, w, false, true), tf.zerosLike(h)), open }
  }
  for (const [m, n, k] of [
    [9, 21, 5],
    [6, 4, 300],
    [5, 3, 8],
  ] as const) {
    const x = tf.concat([tf.randomNormal([m - 1, k], 0, 1, 'float32', 1), tf.fill([1, k], NaN)])
    const w = tf.randomNormal([n, k], 0, 1, 'float32', 2)
    const h = tf.concat([tf.fill([m, 1], NaN), tf.randomNormal([m, n - 1], 0, 1, 'float32', 3)], 1)
    const [expected, g] = [bent(x, w, h), jit(bent)]
    const actual = g(x, w, h)
    near(actual.y.dataSync(), expected.y.dataSync(), { atol: 1e-4 })
    equal([...actual.open.dataSync()], [...expected.open.dataSync()])
    g.dispose()
  }
})

s.run()
