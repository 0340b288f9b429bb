import { readFileSync } from 'node:fs'
import { equal, ok, suite, throws } from '@diffeo/testing'
import { key } from './key.ts'
import { permutation } from './permutation.ts'

interface Draw {
  readonly key: ReadonlyArray<number>
  readonly count: number
  readonly values: ReadonlyArray<number>
}
interface Fixture {
  readonly permutation: ReadonlyArray<Draw>
  readonly longPermutation: Draw & { readonly every: number }
}
const jax = JSON.parse(readFileSync(new URL('../../../../tests/fixtures/jax-keys.json', import.meta.url), 'utf8')) as Fixture

const s = suite('permutation')

s.test('permutations are those of jax', () => {
  ok(jax.permutation.length >= 8)
  for (const draw of jax.permutation) equal([...permutation(Uint32Array.from(draw.key), draw.count)], draw.values)
  const long = jax.longPermutation
  const order = permutation(Uint32Array.from(long.key), long.count)
  equal([...order.filter((_, i) => i % long.every === 0)], long.values)
})

s.test('every number stands in it once', () => {
  equal(
    [...permutation(key(1), 5000)].sort((a, b) => a - b),
    Array.from({ length: 5000 }, (_, i) => i),
  )
})

s.test('every order of three is about as frequent as any other', () => {
  const orders = Array.from({ length: 6000 }, (_, seed) => permutation(key(seed), 3).join(''))
  for (const order of ['012', '021', '102', '120', '201', '210']) {
    const count = orders.filter(o => o === order).length
    ok(Math.abs(count - 1000) < 130, `${order}: ${count} of 6000`)
  }
})

s.test('bad counts and keys are errors', () => {
  for (const count of [-1, 1.5, NaN]) throws(() => permutation(key(0), count), /^permutation: expected a count/)
  throws(() => permutation(new Uint32Array(0), 3), /^permutation: expected a key/)
})

s.run()
