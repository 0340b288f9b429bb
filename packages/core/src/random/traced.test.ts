import { allocates, equal, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { tidy } from '../tensor.ts'
import { bits, foldIn, key, split } from './key.ts'
import type { Key } from './key.ts'
import { permutation } from './permutation.ts'
import { normal, randint, uniform } from './sample.ts'

const asTensor = (k: Key): Tensor => tf.tensor1d(Int32Array.from(k), 'int32')
const asWords = (x: Tensor): ReadonlyArray<number> => [...Uint32Array.from(x.dataSync())]
const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`keys that are tensors, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('have the words and the draws of keys, bit for bit', () =>
    tidy(() => {
      for (const k of [key(0), foldIn(key(3), 2 ** 32 - 1), Uint32Array.of(2 ** 32 - 1, 2 ** 31)]) {
        const t = asTensor(k)
        equal(
          split(t, 5).map(asWords),
          split(k, 5).map(words => [...words]),
        )
        equal(asWords(foldIn(t, 2 ** 31 + 3)), [...foldIn(k, 2 ** 31 + 3)])
        equal(asWords(bits(t, 7)), [...bits(k, 7)])
        equal(values(permutation(t, 30)), [...permutation(k, 30)])
        equal(values(uniform(t, [3, 2], { low: -2, high: 5 })), values(uniform(k, [3, 2], { low: -2, high: 5 })))
        equal(values(normal(t, [3, 2])), values(normal(k, [3, 2])))
        equal(values(randint(t, [3, 2], -5, 70_000)), values(randint(k, [3, 2], -5, 70_000)))
        const deep = split(foldIn(split(t)[1]!, 4), 3)[2]!
        equal(values(normal(deep, [2])), values(normal(split(foldIn(split(k)[1]!, 4), 3)[2]!, [2])))
      }
    }),
  )

  s.test('shapes, dtypes and no tensor left', () => {
    const t = asTensor(key(1))
    const drawn = allocates(1, () => normal(t, [2, 0, 3]))
    equal([drawn.shape, drawn.dtype, randint(t, [], 0, 2).dtype, bits(t, 0).shape], [[2, 0, 3], 'float32', 'int32', [0]])
    tf.dispose(allocates(3, () => [...split(t, 3)]))
    equal(
      allocates(0, () => split(t, 0)),
      [],
    )
    tf.dispose(allocates(1, () => uniform(t, [4], { low: -0 })))
    tf.dispose([t, drawn])
  })

  s.run()
}

const s = suite('keys that are tensors, errors')
s.before(() => useTestBackend('cpu'))
s.test('other tensors, counts and bounds are refused', () => {
  const t = asTensor(key(1))
  throws(() => normal(tf.tensor1d([1, 2]), [3]), /^normal: expected a key .*got a float32 tensor of shape \[2\]; make one with key\(seed\)/)
  throws(() => split(tf.tensor1d([1, 2, 3], 'int32')), /^split: expected a key .*got a int32 tensor of shape \[3\]/)
  throws(() => uniform(t, [-1]), /^uniform: expected a count in/)
  throws(() => uniform(t, [1], { low: 2, high: 1 }), /^uniform: expected finite float32 bounds/)
  throws(() => randint(t, [1], 3, 3), /^randint: expected integers low < high/)
  throws(() => foldIn(t, -1), /^foldIn: expected an integer/)
})
s.run()
