import { bits, foldIn, key, normalArray, split, uniformArray } from '@diffeo/core'
import { equal, near, suite } from '@diffeo/testing'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { ElementType } from '../runtime/runtime.ts'
import { customEmitters } from './emitters.ts'

const s = suite('emitters of random numbers')
features()
const runtime = createRuntime()
const source = key(7)

const run = (
  name: string,
  attrs: unknown,
  shape: ReadonlyArray<number>,
  dtype: ElementType,
  ar: Arithmetic = plain,
): ReadonlyArray<number> => {
  const plan = customEmitters[name]!(ar, { attrs, inputs: [{ shape: [2], dtype: 'int32' }], outputs: [{ shape, dtype }] })!
  const count = shape.reduce((n, size) => n * size, 1)
  const [from, to, scratch] = [runtime.upload(source, 'int32'), runtime.allocate(4 * count), runtime.allocate(plan.scratch)]
  runtime.call(plan.kernel, plan.arguments({ inputs: [from], outputs: [to], scratch }))
  const values = [...runtime.read(to, count, dtype)]
  ;[from, to, scratch].forEach(runtime.free)
  return values
}
const words = (x: Uint32Array): ReadonlyArray<number> => [...new Int32Array(x)]

s.test('keys and words are those of core, bit for bit', () => {
  for (const count of [1, 2, 7])
    equal(
      run('threefrySplit', { count }, [count, 2], 'int32'),
      split(source, count).flatMap(k => words(k)),
    )
  for (const data of [0, 1, 2 ** 31, 2 ** 32 - 1]) equal(run('threefryFoldIn', { data }, [2], 'int32'), words(foldIn(source, data)))
  for (const count of [1, 5, 1000]) equal(run('threefryBits', { count }, [count], 'int32'), words(bits(source, count)))
})

s.test('uniform numbers bit for bit, normal ones within 1e-6', () => {
  for (const [low, high] of [
    [0, 1],
    [-0.3, 2.7],
    [0.1, 0.1],
  ] as const)
    equal(run('uniform', { shape: [3, 7], low, high }, [3, 7], 'float32'), [...uniformArray(source, 21, { low, high })])
  for (const ar of [plain, relaxed])
    near(run('normal', { shape: [101, 3] }, [101, 3], 'float32', ar), normalArray(source, 303), { atol: 1e-6 })
})

s.test('nothing is left in memory', () => {
  equal(runtime.stats().live, 0)
})

s.run()
