import { readFileSync } from 'node:fs'
import { equal, ok, suite, throws } from '@diffeo/testing'
import { bits, foldIn, key, split, type Key } from './key.ts'

type Words = ReadonlyArray<number>
type Step = { readonly split: number; readonly child: number } | { readonly foldIn: number }
interface Fixture {
  readonly key: ReadonlyArray<{ readonly seed: number; readonly words: Words }>
  readonly split: ReadonlyArray<{ readonly seed: number; readonly count: number; readonly keys: ReadonlyArray<Words> }>
  readonly foldIn: ReadonlyArray<{ readonly seed: number; readonly data: number; readonly words: Words }>
  readonly nested: ReadonlyArray<{ readonly seed: number; readonly steps: ReadonlyArray<Step>; readonly words: Words }>
  readonly bits: ReadonlyArray<{ readonly key: Words; readonly count: number; readonly words: Words }>
  readonly longBits: {
    readonly key: Words
    readonly count: number
    readonly every: number
    readonly words: Words
    readonly xor: number
    readonly sum: number
  }
}
const jax = JSON.parse(readFileSync(new URL('../../../../tests/fixtures/jax-keys.json', import.meta.url), 'utf8')) as Fixture

const s = suite('keys')

s.test('key, split and foldIn have the words of jax', () => {
  ok(jax.key.length >= 8 && jax.split.length >= 8 && jax.foldIn.length >= 8)
  for (const { seed, words } of jax.key) equal([...key(seed)], words, `key(${seed})`)
  for (const { seed, count, keys } of jax.split)
    equal(
      split(key(seed), count).map(k => [...k]),
      keys,
      `split(key(${seed}), ${count})`,
    )
  for (const { seed, data, words } of jax.foldIn) equal([...foldIn(key(seed), data)], words, `foldIn(key(${seed}), ${data})`)
})

s.test('keys several steps deep have the words of jax', () => {
  ok(jax.nested.length >= 4)
  const take = (k: Key, step: Step): Key => ('foldIn' in step ? foldIn(k, step.foldIn) : split(k, step.split)[step.child]!)
  for (const { seed, steps, words } of jax.nested) equal([...steps.reduce(take, key(seed))], words)
})

s.test('bits are those of jax', () => {
  ok(jax.bits.length >= 10)
  for (const { key: k, count, words } of jax.bits) equal([...bits(Uint32Array.from(k), count)], words)
})

s.test('a million bits are those of jax', () => {
  const { key: k, count, every, words, xor, sum } = jax.longBits
  const drawn = bits(Uint32Array.from(k), count)
  equal([...drawn.filter((_, i) => i % every === 0)], words)
  equal(drawn.reduce((a, b) => a ^ b, 0) >>> 0, xor)
  equal(
    drawn.reduce((a, b) => a + b, 0),
    sum,
  )
})

s.test('split makes two keys unless told, and none on request', () => {
  equal(split(key(0)).length, 2)
  equal(split(key(0), 0), [])
})

s.test('foldIn(k, i) is child i of a split, and word i does not depend on the count', () => {
  const k = foldIn(key(5), 9)
  equal([...foldIn(k, 6)], [...split(k, 7)[6]!])
  equal([...bits(k, 100).slice(0, 7)], [...bits(k, 7)])
})

s.test('a hundred thousand children differ from each other and from their parent', () => {
  const k = key(0)
  const seen = new Set([k, ...split(k, 100_000)].map(child => child[0]! * 2 ** 21 + child[1]! / 2 ** 11))
  ok(seen.size > 100_000 - 3, `${seen.size} different`)
})

s.test('no call writes to its key, and no two results share memory', () => {
  const k = foldIn(key(3), 1)
  const before = [...k]
  const [first, second] = split(k)
  bits(k, 10)
  foldIn(k, 4)
  equal([...k], before)
  ok(first!.buffer !== second!.buffer)
  ok(foldIn(k, 0).buffer !== k.buffer)
})

s.test('bad seeds, numbers, counts and keys are errors', () => {
  for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) throws(() => key(seed), /^key: expected an integer seed in \[0, 2\^53\), got /)
  for (const data of [-1, 0.5, NaN, 2 ** 32]) throws(() => foldIn(key(0), data), /^foldIn: expected an integer in \[0, 2\^32\), got /)
  for (const count of [-1, 0.5, NaN, 2 ** 31]) {
    throws(() => split(key(0), count), /^split: expected a count in \[0, 2\^31\), got /)
    throws(() => bits(key(0), count), /^bits: expected a count in \[0, 2\^31\), got /)
  }
  throws(() => bits(7 as unknown as Key, 1), /^bits: expected a key .*got the number 7; make one with key\(seed\)/)
  throws(() => split(new Uint32Array(3)), /^split: expected a key .*got 3 words/)
  throws(() => foldIn([0, 1] as unknown as Key, 1), /^foldIn: expected a key /)
})

s.run()
