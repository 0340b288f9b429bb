import { leaves } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import { adam, applyUpdates, clip, lion, sgd, skipNonFinite, trainOnly } from './index.ts'

const at = (...x: ReadonlyArray<number>): { readonly x: tf.Tensor } => ({ x: tf.tensor1d([...x]) })
const values = (tree: Params): ReadonlyArray<number> => leaves(tree).flatMap(x => [...x.dataSync()])

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`skipNonFinite, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('good steps are those of the inner optimizer', () =>
    tf.tidy(() => {
      const [plain, guarded] = [adam(0.1), skipNonFinite(adam(0.1))]
      const params = at(1, -0)
      const [a, b] = [plain.update(at(3, 1e-20), plain.init(params), params), guarded.update(at(3, 1e-20), guarded.init(params), params)]
      equal(values(b.updates), values(a.updates))
      equal(values(b.state.inner), values(a.state))
      equal(values(b.state.skipped), [0])
    }),
  )

  s.test('no bad step is accepted, however many follow each other; a good one then is', () =>
    tf.tidy(() => {
      const optimizer = skipNonFinite(adam(0.1))
      let params = at(1, 2)
      let state = optimizer.update(at(1, 1), optimizer.init(params), params).state
      const inner = values(state.inner)
      for (let i = 0; i < 50; i++) {
        const next = optimizer.update(at(1, NaN), state, params)
        params = applyUpdates(params, next.updates)
        state = next.state
      }
      equal(values(params), [1, 2])
      equal(values(state.inner), inner)
      equal(values(state.skipped), [50])
      const next = optimizer.update(at(1, 1), state, params)
      near(values(next.updates), [-0.1, -0.1], { atol: 1e-5 })
      equal(values(next.state.skipped), [50])
    }),
  )

  s.test('a finite gradient whose square overflows is refused as well: it would freeze Adam for good', () =>
    tf.tidy(() => {
      const optimizer = skipNonFinite(adam(0.1))
      const params = at(1, 2)
      const { updates, state } = optimizer.update(at(1e20, 1), optimizer.init(params), params)
      equal(values(updates), [-0, -0])
      equal(values(state.skipped), [1])
      ok(values(state).every(Number.isFinite))
    }),
  )

  s.test('a NaN that the inner transformation would swallow is seen', () =>
    tf.tidy(() => {
      const swallow = { ...clip(1), update: () => ({ updates: at(0, 0), state: [] as const }) }
      const optimizer = skipNonFinite(swallow)
      const params = at(1, 2)
      equal(values(optimizer.update(at(1, NaN), optimizer.init(params), params).state.skipped), [1])
      const signs = skipNonFinite(lion(0.1))
      equal(values(signs.update(at(1, NaN), signs.init(params), params).state.skipped), [1])
    }),
  )

  s.test('a learning rate that is not finite is refused', () =>
    tf.tidy(() => {
      const optimizer = skipNonFinite(sgd(count => tf.div(1, count)))
      const params = at(1, 2)
      const first = optimizer.update(at(1, 1), optimizer.init(params), params)
      equal([values(first.updates), values(first.state.skipped)], [[-0, -0], [1]])
    }),
  )

  s.test('inside trainOnly only the gradients of what is trained count', () =>
    tf.tidy(() => {
      const params = { x: tf.tensor1d([1]), fixed: tf.tensor1d([1]) }
      const grads = { x: tf.tensor1d([1]), fixed: tf.tensor1d([NaN]) }
      const inside = trainOnly(skipNonFinite(sgd(0.5)), { x: true, fixed: false })
      const { updates, state } = inside.update(grads, inside.init(params), params)
      equal(values(updates), [-0.5, -0])
      equal(values(state.inner.skipped), [0])
    }),
  )

  s.run()
}
