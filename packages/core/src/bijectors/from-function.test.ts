import { allocates, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { bijectorFromFunction } from './from-function.ts'

const s = suite('bijectorFromFunction')
s.before(() => useTestBackend('cpu'))

/** (a, b) to (a, b + c a^2 + b^3): its Jacobian has determinant 1 + 3 b^2. */
const cubic = bijectorFromFunction(
  ({ c }: { readonly c: Tensor }, x: Tensor) => {
    const [a, b] = tf.unstack(x, 1) as [Tensor, Tensor]
    return tf.stack([a, tf.addN([b, tf.mul(c, tf.square(a)), tf.mul(b, tf.square(b))])], 1)
  },
  { dim: 2, init: () => ({ c: tf.scalar(0.5) }), trainable: { c: true } },
)

s.test('log-determinant, inverse and its derivatives of known ones', () =>
  tidy(() => {
    const [params, x] = [{ c: tf.scalar(0.5) }, tf.tensor2d([[1, 2], [-3, 0.1], [0, -40]])] // prettier-ignore
    const { y, logDet } = cubic.forward(params, x)
    near(y.dataSync(), [1, 10.5, -3, 4.601, 0, -64040], { rtol: 1e-6 })
    near(logDet.dataSync(), [13, 1.03, 4801].map(Math.log), { rtol: 1e-6 })
    const back = cubic.inverse(params, y)
    near(back.x.dataSync(), x.dataSync(), { atol: 2e-6, rtol: 1e-6 })
    near(back.logDet.dataSync(), [13, 1.03, 4801].map(d => -Math.log(d)), { rtol: 1e-5 }) // prettier-ignore
    // b(c): db/dc = -a^2 / (1 + 3 b^2), d2b/dc2 = -6 b (db/dc)^2 / (1 + 3 b^2)
    const first = (p: { readonly c: Tensor }): Tensor => grad((q: typeof p) => tf.sum(cubic.inverse(q, tf.slice(y, [0, 0], [1, 2])).x))(p).c
    near(first(params).dataSync(), [-1 / 13], { rtol: 1e-5 })
    near(grad(first)(params).c.dataSync(), [-12 / 13 ** 3], { rtol: 1e-4 })
  }),
)

s.test('rows without a way are an error that names them', () => {
  const bounded = bijectorFromFunction((_, x) => tf.tanh(x), { dim: 2 })
  allocates(0, () =>
    throws(
      () => tidy(() => bounded.inverse({}, tf.tensor2d([[0, 0.5], [0.1, 2], [3, 0]]))), // prettier-ignore
      /^bijectorFromFunction: expected rows that the function takes, got rows 1, 2 to which Newton's method finds no way$/,
    ),
  )
})

s.run()
