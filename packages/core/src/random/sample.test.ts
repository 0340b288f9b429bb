import * as tf from '@tensorflow/tfjs-core'
import { allocates, equal, suite, throws, useTestBackend } from '@diffeo/testing'
import { normalArray, randintArray, uniformArray } from './arrays.ts'
import { key } from './key.ts'
import { normal, randint, uniform } from './sample.ts'

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`random tensors, ${backend}`)

  s.before(() => useTestBackend(backend))

  s.test('a tensor holds the numbers of the array, row by row, and is the only one made', () => {
    const cases = [
      { draw: () => uniform(key(1), [2, 3, 4], { low: -1, high: 2 }), array: uniformArray(key(1), 24, { low: -1, high: 2 }) },
      { draw: () => normal(key(1), [2, 3, 4]), array: normalArray(key(1), 24) },
      { draw: () => randint(key(1), [2, 3, 4], -3, 30), array: randintArray(key(1), 24, -3, 30) },
    ]
    for (const { draw, array } of cases) {
      const tensor = allocates(1, draw)
      equal(tensor.shape, [2, 3, 4])
      equal(tensor.dtype, array instanceof Int32Array ? 'int32' : 'float32')
      equal([...tensor.dataSync()], [...array])
      tf.dispose(tensor)
    }
  })

  s.test('large int32 values survive', () => {
    const tensor = randint(key(2), [50], -(2 ** 31), 2 ** 31)
    equal([...tensor.dataSync()], [...randintArray(key(2), 50, -(2 ** 31), 2 ** 31)])
    tf.dispose(tensor)
  })

  s.test('scalars and empty shapes', () => {
    const [scalar, empty] = [normal(key(0), []), uniform(key(0), [0, 3])]
    equal([scalar.shape, empty.shape], [[], [0, 3]])
    equal(scalar.dataSync().length, 1)
    tf.dispose([scalar, empty])
  })

  s.test('a bad shape is an error', () => {
    throws(() => normal(key(0), [2, -1]), /^normal: expected a count/)
    throws(() => uniform(key(0), [0.5]), /^uniform: expected a count/)
  })

  s.run()
}
