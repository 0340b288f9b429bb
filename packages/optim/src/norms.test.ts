import type { Params } from '@diffeo/core'
import { allocates, equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import { adam, amsgrad, chain, clip, clipByGlobalNorm, globalNorm, lion, rmsprop, sgd } from './index.ts'

const norm = (...lists: ReadonlyArray<ReadonlyArray<number>>): number =>
  tf.tidy(() => globalNorm(lists.map(list => tf.tensor1d([...list]))).dataSync()[0]!)

const clipped = (maxNorm: number, ...lists: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> =>
  tf.tidy(() => {
    const grads = lists.map(list => tf.tensor1d([...list]))
    const { updates } = clipByGlobalNorm(maxNorm).update(grads, [], grads)
    return (updates as ReadonlyArray<tf.Tensor>).flatMap(x => [...x.dataSync()])
  })

const euclidean = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0))

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`norms and clipping, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('the norm of a tree', () => {
    near(norm([3], [4, 12]), 13, { rtol: 1e-6 })
    equal(norm([0, 0], [0]), 0)
    equal(norm([], [0.5]), 0.5)
    equal(norm(), 0)
  })

  s.test('the norm of a million values, to 1e-6', () =>
    tf.tidy(() => {
      for (const value of [() => 0.1, (i: number) => 1 + Math.sin(i)]) {
        const values = Float32Array.from({ length: 1_000_003 }, (_, i) => value(i))
        near(globalNorm({ x: tf.tensor1d(values) }).dataSync(), [euclidean(values)], { rtol: 1e-6 })
      }
    }),
  )

  s.test('squares that overflow or vanish do not spoil the norm', () => {
    near(norm([1e38, -2e38], [2e38]), 3e38, { rtol: 1e-6 })
    near(norm([3e-30], [-4e-30]), 5e-30, { rtol: 1e-6 })
    near(norm([3e38, 3e38, 3e38]), Infinity)
  })

  s.test('what is not finite shows in the norm', () => {
    equal(norm([1, Infinity], [2]), Infinity)
    equal(norm([-Infinity], []), Infinity)
    ok(Number.isNaN(norm([1, NaN], [2])))
    ok(Number.isNaN(norm([NaN])))
    ok(Number.isNaN(norm([Infinity, NaN])))
  })

  s.test('globalNorm allocates one tensor', () =>
    tf.tidy(() => {
      const tree = { a: tf.ones([3, 2]), b: [tf.ones([5000])] }
      allocates(1, () => globalNorm(tree))
    }),
  )

  s.test('clipByGlobalNorm keeps small gradients bit for bit and scales large ones to the norm', () => {
    equal(clipped(5.1, [3], [4]), [3, 4])
    near(clipped(1, [3], [4]), [0.6, 0.8], { rtol: 1e-6 })
    equal(clipped(1, [0], [0]), [0, 0])
    equal(clipped(1, [], [0.5]), [0.5])
  })

  s.test('clipByGlobalNorm brings every finite gradient to the norm', () => {
    near(clipped(1, [3e38, 3e38], [-3e38, 3e38]), [0.5, 0.5, -0.5, 0.5], { rtol: 1e-6 })
    near(clipped(2, [1e38], [1]), [2, 2e-38], { rtol: 1e-5 })
  })

  s.test('a NaN gradient comes out of each optimizer as NaN, and stays in its state', () =>
    tf.tidy(() => {
      const params = { x: tf.tensor1d([1, 2, 3]), y: tf.tensor1d([1]) }
      const bad = { x: tf.tensor1d([NaN, 1, -1]), y: tf.tensor1d([1]) }
      const good = { x: tf.tensor1d([1, 1, -1]), y: tf.tensor1d([1]) }
      const memory = {
        adam: adam(0.1),
        amsgrad: amsgrad(0.1),
        rmsprop: rmsprop(0.1),
        centered: rmsprop(0.1, { centered: true }),
        lion: lion(0.1),
      }
      const isNaNAt = (updates: Params): ReadonlyArray<boolean> => [...(updates as typeof params).x.dataSync()].map(Number.isNaN)
      Object.entries({ ...memory, sgd: sgd(0.1), clip: chain(clip(1), sgd(0.1)) }).forEach(([name, optimizer]) => {
        const first = optimizer.update(bad, optimizer.init(params) as never, params)
        equal(isNaNAt(first.updates), [true, false, false], name)
        const second = optimizer.update(good, first.state as never, params)
        equal(isNaNAt(second.updates), [name in memory, false, false], name)
      })
      const { nuMax } = amsgrad(0.1).update(bad, amsgrad(0.1).init(params), params).state[0]
      equal(isNaNAt(nuMax), [true, false, false])
      const all = clipByGlobalNorm(1).update(bad, [], params)
      equal(isNaNAt(all.updates), [true, true, true])
      ok(Number.isNaN((all.updates as typeof params).y.dataSync()[0]))
    }),
  )

  s.run()
}
