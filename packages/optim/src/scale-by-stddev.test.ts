import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import { scaleByStddev } from './index.ts'

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`scaleByStddev, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('gradients that stay the same have the variance 0, never less', () =>
    tf.tidy(() => {
      const constant = tf.tensor1d([1 / 3, 0.7, 123.4, -9e4, 1e-3])
      for (const biasCorrection of [false, true]) {
        const transformation = scaleByStddev({ biasCorrection })
        let state = transformation.init(constant)
        for (let step = 1; step <= 300; step++) {
          const next = transformation.update(constant, state, constant)
          ok((next.updates as tf.Tensor).dataSync().every(Number.isFinite), `step ${step}`)
          state = next.state
        }
        const { updates } = transformation.update(constant, { ...state, nu: tf.square(constant), mu: constant }, constant)
        near((updates as tf.Tensor).dataSync()[0]!, 1e4 / 3, { rtol: 1e-3 })
      }
    }),
  )
  s.run()
}
