import { leaves } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { allocates, equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import { parameterEma } from './index.ts'

const values = (tree: Params): ReadonlyArray<number> => leaves(tree).flatMap(x => [...x.dataSync()])

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`parameterEma, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('is the debiased average, from the first update on', () =>
    tf.tidy(() => {
      const decay = 0.999
      const averaging = parameterEma(decay)
      let state = averaging.init({ x: tf.scalar(7) })
      let sum = 0
      let weights = 0
      for (let step = 1; step <= 200; step++) {
        const x = Math.fround(Math.sin(step))
        state = averaging.update({ x: tf.scalar(x) }, state)
        sum = decay * sum + (1 - decay) * x
        weights = decay * weights + (1 - decay)
        near(values(state.average), [sum / weights], { atol: 3e-6, what: `step ${step}` })
      }
    }),
  )

  s.test('what does not change is its own average, bit for bit', () =>
    tf.tidy(() => {
      const params = { fixed: tf.tensor1d([0.1, -1e-30, 3e7, 0]) }
      for (const averaging of [parameterEma(0.99), parameterEma(0.9999, { debias: false })]) {
        let state = averaging.init(params)
        for (let i = 0; i < 100; i++) state = averaging.update(params, state)
        equal(values(state.average), values(params))
      }
    }),
  )

  s.test('allocates its state, with handles of its own', () => {
    const params = { a: tf.ones([2]), b: [tf.ones([])] }
    const averaging = parameterEma(0.9)
    const state = allocates(3, () => averaging.init(params))
    const next = allocates(3, () => averaging.update(params, state))
    tf.dispose([params, state] as tf.TensorContainer)
    equal(values(next), [1, 1, 1, 1])
    tf.dispose(next as unknown as tf.TensorContainer)
    equal(tf.memory().numTensors, 0)
  })

  s.run()
}

const s = suite('parameterEma, arguments')
s.before(() => useTestBackend('cpu'))
s.test('a decay outside [0, 1) and another tree are refused', () => {
  throws(() => parameterEma(1), /parameterEma: expected decay in \[0, 1\), got 1/)
  tf.tidy(() => {
    const averaging = parameterEma(0.9)
    const state = averaging.init<Params>({ a: tf.scalar(1) })
    throws(
      () => averaging.update<Params>({ b: tf.scalar(1) }, state),
      /parameterEma: expected in average a leaf, as in params, got nothing at b/,
    )
  })
})
s.run()
